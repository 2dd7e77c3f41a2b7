"""The typed audio-graph IR: the ground floor, which imports nothing of ours."""
