"""Benchmarks of mixdown beside its peers: `python -m benchmarks --help`."""
