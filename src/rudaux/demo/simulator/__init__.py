"""A practice Canvas over HTTP: what rudaux calls, faithful to the documented behaviour.

`server.serve()` runs it in a thread for tests, `python -m rudaux.demo.simulator` as a process.
"""
