"""Scores in MusicXML, from whatever program they come, read."""
