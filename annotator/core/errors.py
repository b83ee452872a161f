"""The one family of errors that a user sees: each is a line that names the place, what was found, what was expected.

Tests: tests/exchange/coco/test_writer.py, tests/test_cli.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from annotator.core.problems import Problem, error
from annotator.core.words import counted


class AnnotatorError(Exception):
    """Base of every error that is shown to a user as one line."""


class GeometryError(AnnotatorError):
    """A box, polygon or run-length encoding that cannot be what it says.

    path: where inside it, such as `[2]` for its third polygon.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        self.message = message
        self.path = path
        super().__init__(f"{path} {message}" if path else message)


class ImageError(AnnotatorError):
    """A file that is not a picture, or not one that can be decoded safely."""


class ModelError(AnnotatorError):
    """A network, or its description, that does not fit the contract."""


class FetchError(AnnotatorError):
    """A model file that could not be fetched or does not match its checksum."""


class StoreError(AnnotatorError):
    """A project folder or database that cannot be read or written."""


class MissingError(StoreError):
    """An image that is not in the project, or no longer."""


class ArchiveError(StoreError):
    """A file that was to be opened as a project and is none, or one that nobody should open."""


class GestureError(StoreError):
    """A gesture that the document cannot take: malformed, or of something that is not there."""


class CategoryError(GestureError):
    """A change of the categories that cannot be made; nothing has changed."""


class StaleRevisionError(StoreError):
    """A gesture made on an older revision of the image than the stored one."""


class CocoError(AnnotatorError):
    """A COCO file that cannot be read; `problems` lists every offending place, of each kind a few."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems = [error(problems)] if isinstance(problems, str) else list(problems)
        more = sum(1 + problem.more for problem in self.problems) - 1
        first = str(replace(self.problems[0], more=0))
        super().__init__(f"{first} (and {counted(more, 'more problem')})" if more else first)

    def told(self, most: int) -> list[str]:
        """At most `most` lines, one a problem, and a last line that counts the others."""
        rest = sum(1 + problem.more for problem in self.problems[most:])
        return [*map(str, self.problems[:most]), *([f"and {counted(rest, 'more problem')}"] if rest else [])]


class PartError(CocoError):
    """A COCO file of whose pictures the project has only `there`, and not `missing`: the rest of it may come in."""

    def __init__(self, error: CocoError, *, there: int, missing: int) -> None:
        super().__init__(error.problems)
        self.there, self.missing = there, missing


class ExportError(AnnotatorError):
    """A dataset that must not leave, or an export that did not read back as it was written."""


def last_line(error: BaseException, *, most: int = 300) -> str:
    """What a library says, in one line of at most `most` characters.

    Messages of foreign libraries run over many lines; the last one that says something names the cause.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:most] if lines else type(error).__name__
