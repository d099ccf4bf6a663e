"""Music as networks read it: tokens, columns, rolls."""
