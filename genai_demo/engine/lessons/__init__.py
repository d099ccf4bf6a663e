"""How a family of networks works, told on a real network of it: parts, objective, present values, training loop."""
