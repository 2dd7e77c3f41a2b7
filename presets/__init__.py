"""Export presets, mix presets and delivery specs as data, and their loader."""
