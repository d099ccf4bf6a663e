"""Pieces to learn from: reading, labels, batches."""
