"""nbgrader: the gradebook and the conversions around it."""
