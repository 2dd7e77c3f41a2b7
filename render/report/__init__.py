"""The delivery report: what a render made, measured and checked, as data and as a page."""
