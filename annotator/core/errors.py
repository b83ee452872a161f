"""The one family of errors that a user sees: each is a line that names the place, what was found, what was expected."""

from __future__ import annotations


class AnnotatorError(Exception):
    """Base of every error that is shown to a user as one line."""


class GeometryError(AnnotatorError):
    """A box, polygon or run-length encoding that cannot be what it says."""


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


class StaleRevisionError(StoreError):
    """A gesture made on an older revision of the image than the stored one."""


class CocoError(AnnotatorError):
    """A COCO file that cannot be read; `problems` lists every offending place, but for `untold` more of them."""

    def __init__(self, problems: list[str], *, untold: int = 0) -> None:
        self.problems = problems
        self.untold = untold
        more = len(problems) - 1 + untold
        super().__init__(problems[0] + (f" (and {more} more problems)" if more else ""))

    def shortened(self, most: int) -> CocoError:
        """The same, with at most `most` places told."""
        return CocoError(self.problems[:most], untold=self.untold + len(self.problems[most:]))

    @property
    def lines(self) -> list[str]:
        """A line for each problem, and one for those that have none."""
        return self.problems + ([f"and {self.untold} more problems"] if self.untold else [])


class ExportError(AnnotatorError):
    """A dataset that must not leave, or an export that did not read back as it was written."""


def last_line(error: BaseException, *, most: int = 300) -> str:
    """What a library says, in one line of at most `most` characters.

    Messages of foreign libraries run over many lines; the last one that says something names the cause.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:most] if lines else type(error).__name__
