"""The streaming engine: the reference's samples, block by block, in constant memory."""
