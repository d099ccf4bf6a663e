"""What a file says of where it came from: marks of machine-made files, put into each kind of file and read back."""
