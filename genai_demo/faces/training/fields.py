"""Fields of a training's configuration that the command line may change; imports no torch."""

from __future__ import annotations

TRAINING_FIELDS = (
    "learning_rate",
    "generator_share",
    "gamma",
    "final_gamma",
    "first_augmentation",
    "augmentation",
    "label_weight",
)
"""fields of a training's configuration that the command line may change, where that training has them"""
