"""Limits of pictures, masks and gestures: each value once, for the wire, the domain and the files that come in."""

from __future__ import annotations

MAX_SIDE = 65_500
"""Pixels a side, of a picture and of a mask. JPEG ends there."""

MAX_VERTICES = 200_000
"""Of the polygons that a gesture brings for one mask."""

MAX_CHANGES = 2_000
"""Instances that one gesture changes."""

MAX_COUNTS = 2_000_000
"""Characters of one mask's compressed counts. A ragged mask of 40 megapixels has a tenth of it."""

MAX_IMAGE_MASKS = 32_000_000
"""Bytes of all masks and polygons of one image, which a page fetches as one document."""

MAX_KEY = 64
"""Characters of an instance's key."""

MAX_TEXT = 200
"""Characters of a short text in a gesture: who made it, in which tab, what it was."""
