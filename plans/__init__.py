"""Plans: typed steps, the cut of a graph around its loudness, decoding and encoding steps."""
