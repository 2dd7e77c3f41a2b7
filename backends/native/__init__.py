"""The native engine: executes the graph in numpy float64 and so defines what a mix means."""
