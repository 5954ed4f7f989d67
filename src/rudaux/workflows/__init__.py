"""Verbs: each plans (reads, decides) and applies (writes, yields outcomes); none prints or asks."""
