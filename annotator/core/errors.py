"""The one family of errors that a user sees: each is a line that names the place, what was found, what was expected."""


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
    """A COCO file that cannot be read; `problems` lists every offending place."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")


class ExportError(AnnotatorError):
    """A dataset that must not leave, or an export that did not read back as it was written."""
