"""Why a face became what it is, told by the model that painted it."""
