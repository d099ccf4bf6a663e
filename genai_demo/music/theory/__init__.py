"""Pieces, and what can be heard in them: keys, structure, texture."""
