"""Elements of the page with a script of their own: a module each, with its script and its style beside it."""
