"""Plans above the timeline: songs in sections, bars and parts, and shows in segments."""
