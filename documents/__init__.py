"""Documents with places: strict YAML, JSON and TOML, read into typed records."""
