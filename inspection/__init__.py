"""Dumps, diffs, pictures and explanations of the IR."""
