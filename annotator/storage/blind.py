"""Blind pictures: what networks find on them is kept and not offered, so that it can be measured without bias.

Whoever sees a suggestion accepts it easily, and overlooks what was not suggested. A picture is blind from before
anybody worked on it, and stays so until its suggestions are shown.

Tests: tests/storage/test_blind_pictures.py
"""

from __future__ import annotations

from sqlalchemy import Connection, Row, and_, bindparam, insert, select

from annotator.core.dataset import Image
from annotator.core.settings import BLIND_SHARE
from annotator.storage import schema
from annotator.storage.settings import read_setting

_ROW = select(schema.blind).where(schema.blind.c.image_id == bindparam("of"))
_ADD = insert(schema.blind)

IS_HIDDEN = and_(schema.blind.c.image_id == schema.images.c.id, schema.blind.c.shown_at.is_(None))
"""Joins an image with what says that its suggestions are hidden."""


def is_chosen(sha256: str, share: float) -> bool:
    """Whether a picture is among a random share of all, told by its content alone, so that it never changes sides."""
    return int(sha256[:8], 16) < share * 2**32


def is_untouched(image: Image) -> bool:
    """Whether nobody has worked on an image yet."""
    return image.revision == 0 and not image.reviewed


def hides_suggestions(connection: Connection, image: Image) -> bool:
    """Whether what is found on an image now is not to be offered.

    An image that no network has seen yet may become blind by that.
    """
    row: Row[tuple[int, bool, int | None]] | None = connection.execute(_ROW, {"of": image.id}).one_or_none()
    if row is not None:
        return row.shown_at is None
    if image.prelabelled or not is_untouched(image) or not is_chosen(image.sha256, blind_share(connection)):
        return False
    make_blind(connection, [image.id], picked=False)
    return True


def make_blind(connection: Connection, ids: list[int], *, picked: bool) -> None:
    """picked: by a person, not by chance. None of them is blind yet."""
    if ids:
        connection.execute(_ADD, [{"image_id": one, "picked": picked, "shown_at": None} for one in ids])


def blind_share(connection: Connection) -> float:
    """Of the pictures that become blind by chance; 0 where nobody chose one."""
    return float(read_setting(connection, BLIND_SHARE) or 0.0)
