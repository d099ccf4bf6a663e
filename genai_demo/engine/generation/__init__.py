"""What every generation needs: checks of a request, and the receipt of a result."""
