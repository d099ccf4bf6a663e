"""What the page is when it leaves: made once for each language, compressed, with its scripts as files beside it."""
