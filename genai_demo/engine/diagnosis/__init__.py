"""What goes wrong in a run, read off its figures, and what to change; imports no torch."""
