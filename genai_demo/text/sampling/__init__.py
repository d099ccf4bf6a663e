"""From a request to text."""
