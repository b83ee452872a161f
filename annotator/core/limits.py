"""Limits of pictures, masks and gestures: each value once, for the wire, the domain and the files that come in.

Tests: tests/core/test_review.py, tests/storage/test_categories.py
"""

from __future__ import annotations

MAX_SIDE = 65_500
"""Pixels a side, of a picture and of a mask. JPEG ends there."""

MAX_NAME = 1_000
"""Characters in the name of a picture or of a category."""

MAX_TEXT = 200
"""Characters in a short text of a gesture: who made it, in which tab, what it was."""

MAX_NOTE = 2_000
"""Characters in a note, of a picture or of an instance."""

MAX_FLAG = 60
"""Characters in a flag."""

MAX_FLAGS = 20
"""Flags of one instance."""

MAX_CHANGES = 2_000
"""Instances that one gesture changes."""

MAX_VERTICES = 200_000
"""Vertices of the polygons that a gesture brings for one mask."""

MAX_COUNTS = 2_000_000
"""Characters in the compressed counts of one mask. A ragged mask of 40 megapixels has a tenth of that."""

MAX_IMAGE_MASKS = 32_000_000
"""Bytes of all masks and polygons of one image, which a page fetches as one document."""
