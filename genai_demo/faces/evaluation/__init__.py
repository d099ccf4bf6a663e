"""Figures of face models, and the model card that tells them."""
