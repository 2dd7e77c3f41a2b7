"""The passes, and what a pass is."""
