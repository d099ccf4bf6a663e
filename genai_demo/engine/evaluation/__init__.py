"""Distances and baselines that know no modality."""
