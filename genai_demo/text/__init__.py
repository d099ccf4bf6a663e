"""News text: data, tokenizer, models, sampling, metrics."""
