"""Checkpoints: their format, where they lie, and how they come out of a run."""
