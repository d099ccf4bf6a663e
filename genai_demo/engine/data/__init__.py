"""Sources of training data and their label tables."""
