"""Piano music: data, notes and rolls, models, scores and sound."""
