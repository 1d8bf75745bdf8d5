"""Training runs as named functions."""
