"""The faces tab."""
