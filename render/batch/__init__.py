"""Many documents in one run: which to render, where they run, and the report of all."""
