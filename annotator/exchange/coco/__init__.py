"""COCO's JSON: lint, read, write, results and the proof of every file; the only wing that knows COCO's keys.

Enter through `read`, `write`, `check_file` and `results_to_suggestions`.
"""

from annotator.exchange.coco.check import check_coco, check_file
from annotator.exchange.coco.document import load, loads
from annotator.exchange.coco.lint.document import other_form
from annotator.exchange.coco.opened import StoredList, opened
from annotator.exchange.coco.proof import MASK_FORMS, ExportReport, MaskForm
from annotator.exchange.coco.reader import coco_to_dataset, read
from annotator.exchange.coco.results import Results, results_to_suggestions, source_of
from annotator.exchange.coco.writer import dataset_to_coco, write

__all__ = [
    "MASK_FORMS",
    "ExportReport",
    "MaskForm",
    "Results",
    "StoredList",
    "check_coco",
    "check_file",
    "coco_to_dataset",
    "dataset_to_coco",
    "load",
    "loads",
    "opened",
    "other_form",
    "read",
    "results_to_suggestions",
    "source_of",
    "write",
]
