"""Settings, profiles and training recipes: the only reader of files and environment variables."""
