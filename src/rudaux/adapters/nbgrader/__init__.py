"""nbgrader: the gradebook, and the conversions of notebooks that need no student code to run.

Importing any module in here imports nbgrader, which takes seconds: do it only when it is needed.
"""
