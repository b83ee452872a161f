"""The domain: datasets, review, masks, geometry, as pure functions over frozen values.

Enter through `dataset` (the values) and `masks` (their truth). Imports system alone.
"""
