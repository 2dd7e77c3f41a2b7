"""Programs of others: how each is found, run and watched."""
