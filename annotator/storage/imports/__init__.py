"""How a dataset comes into a project: all of it or nothing, with every id that can stay.

Enter through `put_contents`, then, inside a transaction, `import_files` and `suggest`.

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
from annotator.storage.imports.files import import_files
from annotator.storage.imports.pictures import put_contents, restore_contents
from annotator.storage.imports.results import suggest

__all__ = [
    "ON_CONFLICT",
    "Arrival",
    "How",
    "ImportReport",
    "Imported",
    "Offer",
    "OnConflict",
    "Picture",
    "import_files",
    "put_contents",
    "restore_contents",
    "suggest",
]
