"""Behaviour of foundation.storage."""
