"""Pictures of faces: reading, aligning, labels, batches."""
