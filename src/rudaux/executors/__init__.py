"""The ways of starting a submission in a box of its own; each is a page over `rudaux.runtime`."""
