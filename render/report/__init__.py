"""The delivery report: measurements and checks of a render, as data and as a page."""
