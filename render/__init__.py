"""Runs plans: executor, loudness loop, artifacts."""
