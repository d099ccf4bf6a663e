"""Why a text became what it is, told by the model that made it."""
