"""Run submissions on the workers of a Dask scheduler, each with the configured executor.

A submission travels as bytes, and bytes come back; a worker's answer is trusted no more than a
box's report. docs/explanation/growing.md says how to protect a scheduler.
"""

from rudaux.executors.cluster.executor import ClusterExecutor

__all__ = ["ClusterExecutor"]
