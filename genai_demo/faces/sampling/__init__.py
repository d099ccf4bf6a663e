"""From a request to pictures."""
