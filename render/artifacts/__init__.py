"""Delivered files as artifacts: kept in a store, known to a registry, registered once."""
