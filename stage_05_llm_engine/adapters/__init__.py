"""Engines behind the one ``NarrativeModel``: transformers in this process, or a server."""
