"""From a request to music."""
