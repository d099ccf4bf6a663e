"""Losses and layers that networks of several modalities share."""
