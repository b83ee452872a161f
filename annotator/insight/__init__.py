"""What the decisions say: how far scores can be trusted, what the work costs, what can be accepted unseen.

Pure functions over the frozen values of `core/answers.py`; nothing here reads or writes. Enter through `advice`
(thresholds), `effort` (the ledger) and `auto_accept`. Imports core and system.
"""
