"""Pictures -> suggestions. `journey`: what happens to one picture. `batch`: a project's. `files`: without a project.

Imports vision, storage, core and system.
"""
