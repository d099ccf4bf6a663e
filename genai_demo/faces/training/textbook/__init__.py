"""The textbook's models in training, with the classic mistakes as switches."""
