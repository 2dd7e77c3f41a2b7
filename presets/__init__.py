"""Presets as data: buses, export formats, delivery specs, and their typed loader."""
