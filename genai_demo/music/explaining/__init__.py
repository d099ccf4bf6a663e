"""Why a piece became what it is, told by the model that made it."""
