"""Articles: reading, cleaning, batches."""
