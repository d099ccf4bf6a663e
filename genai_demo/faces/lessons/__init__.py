"""How the families of networks that paint and compare faces work, told on those that ship, and on the textbook's."""
