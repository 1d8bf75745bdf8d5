"""Behaviour of settings and profiles."""
