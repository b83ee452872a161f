"""The outputs of networks, and the trainers' exports that have them: one file a family, listed in `registry.py`."""
