"""A face that is opened: what its model says of it, beside the face."""
