"""Recipes: files that say how a checkpoint was made, stage by stage, so that it can be made again."""
