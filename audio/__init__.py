"""Signal-processing kernels of the native engine: what docs/semantics.md says, in numpy float64.

Audio is a float64 array of shape (channels, n), full scale 1.0; gains per sample are float64
arrays of shape (n,). Kernels know nothing of graphs, clips or files. Where a kernel streams, any
way of cutting the signal into blocks gives bit-identical samples.
"""
