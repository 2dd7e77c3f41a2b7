"""The timeline language: model, loading, validation."""
