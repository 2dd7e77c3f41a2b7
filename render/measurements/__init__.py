"""What `mixdown measure` and `mixdown survey` found, as tables and pictures."""
