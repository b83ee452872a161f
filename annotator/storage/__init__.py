"""A project on disk: the only SQL, and the files beside it.

Enter through `store.Store`. Imports core and system; never vision.
"""
