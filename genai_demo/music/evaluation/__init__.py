"""Figures of music models, and the model card that tells them."""
