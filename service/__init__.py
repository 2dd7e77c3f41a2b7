"""The HTTP service: documents in, masters and stems out; `mixdown serve` runs it."""
