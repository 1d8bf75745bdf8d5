"""The engine in this process: transformers, with the context read once for all its scenarios."""
