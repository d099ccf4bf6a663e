"""Sheet music."""
