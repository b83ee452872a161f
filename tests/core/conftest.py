"""No deadline for a single example: on a busy machine every one of them may be slow."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
