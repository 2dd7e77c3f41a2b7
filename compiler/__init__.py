"""Source to IR: the timeline language, lowering, and the passes."""
