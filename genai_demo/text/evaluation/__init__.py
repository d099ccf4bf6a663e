"""Figures of news models, and the model card that tells them."""
