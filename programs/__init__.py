"""Other people's programs: how each is found, run and watched."""
