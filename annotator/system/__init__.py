"""Plumbing without a noun of ours: child processes, files and folders, batches on a thread, where things lie on disk.

Imports nothing of the project."""
