"""The piano tab."""
