"""Submissions on the workers of a Dask scheduler, each by the executor that is configured.

A submission travels as bytes, and bytes come back; what a worker answers is read as what a box
says is. docs/explanation/growing.md says what belongs around a scheduler.
"""

from rudaux.executors.cluster.executor import ClusterExecutor

__all__ = ["ClusterExecutor"]
