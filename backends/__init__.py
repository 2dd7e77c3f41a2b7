"""IR to plan: one folder a backend, found through entry points."""
