"""Sources: probing, decoding, and the cache of the results."""
