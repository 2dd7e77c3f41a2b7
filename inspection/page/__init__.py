"""The inspector: a compilation as typed data, and as one page that needs nothing else."""
