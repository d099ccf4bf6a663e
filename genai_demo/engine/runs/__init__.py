"""The runs that a room shares: their list, the waiting list, and who may pause, stop or delete which; no torch."""
