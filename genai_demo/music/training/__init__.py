"""The training tasks, one file per family."""
