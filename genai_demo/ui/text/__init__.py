"""The news tab."""
