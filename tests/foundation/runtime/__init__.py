"""Behaviour of foundation.runtime."""
