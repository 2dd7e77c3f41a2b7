"""Edits of a timeline that follow from surveys of its sources, before it is lowered."""
