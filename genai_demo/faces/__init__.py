"""Faces: data, models, sampling, metrics."""
