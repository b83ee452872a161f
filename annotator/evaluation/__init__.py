"""How good a network is on pictures of known truth: matching, average precision, confusion, calibration.

Enter through `network` (a file of annotations) or `figures` (matches of any origin); `matching` holds COCOeval's rules.
Imports what stands below, and insight.

Tests: tests/evaluation/test_precision.py, tests/evaluation/test_report.py
"""

from annotator.evaluation.network import Figures, evaluate, require_measurable
from annotator.evaluation.truth import Truth

__all__ = ["Figures", "Truth", "evaluate", "require_measurable"]
