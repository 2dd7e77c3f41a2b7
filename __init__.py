"""A compiler for audio timelines."""
