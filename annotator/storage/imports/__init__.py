"""How a dataset comes into a project: with every id that can stay, and whole images whatever ends it.

Enter through `put_contents`, then `Importing`.

Tests: tests/storage/test_import.py
"""

from annotator.storage.imports.arrival import (
    ON_CONFLICT,
    Arrival,
    How,
    Imported,
    ImportReport,
    Offer,
    OnConflict,
    Picture,
)
from annotator.storage.imports.pictures import put_contents
from annotator.storage.imports.stretches import Importing, is_unfinished

__all__ = [
    "ON_CONFLICT",
    "Arrival",
    "How",
    "ImportReport",
    "Imported",
    "Importing",
    "Offer",
    "OnConflict",
    "Picture",
    "is_unfinished",
    "put_contents",
]
