"""What a source is: probing, decoding, and the cache of what that finds out."""
