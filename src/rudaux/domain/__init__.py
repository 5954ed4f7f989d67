"""Nouns and rules of a course: no I/O, no clock, the standard library only."""
