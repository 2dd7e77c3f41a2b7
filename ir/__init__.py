"""The typed audio-graph IR: the lowest layer, which imports no other part of mixdown."""
