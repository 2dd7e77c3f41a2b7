"""A toy backend for mixdown, and the program that it runs."""
