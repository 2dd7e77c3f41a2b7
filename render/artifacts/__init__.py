"""Delivered files as artifacts: kept in a store and registered once in a registry."""
