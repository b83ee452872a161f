"""What one server takes from its visitors. An environment variable sets each limit: ANNOTATOR_MAX_ and its name.

The person at this computer has none of these limits but `jobs`, `uploads` and `uploads_at_once`, which bound memory.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from annotator.core.errors import AnnotatorError
from annotator.system.environment import number_above_0


class LimitError(AnnotatorError):
    """A limit of the server that is reached; later there may be room again."""


@dataclass(frozen=True)
class Limits:
    """Counts, megabytes (10^6 bytes) and hours."""

    projects: float = 200
    new_projects: float = 30  # made from one address in an hour
    address_projects: float = 60  # made from one address and still there
    images: float = 2_000  # in a project
    categories: float = 2_000  # in a project
    project_mb: float = 2_000  # database, pictures, thumbnails and exports of a project
    address_mb: float = 8_000  # of all projects that were made from one address
    total_mb: float = 20_000  # of all projects; a Space of the free kind has 50 GB
    age_hours: float = 72  # a project that nobody opened for so long makes room for others
    empty_hours: float = 24  # the same for one without a picture
    bin_hours: float = 24  # the same for one that its visitor put into the bin
    open_projects: float = 64  # databases kept open; one that is in use is never closed
    coco_mb: float = 32  # of a COCO file that comes in
    jobs: float = 50  # batches that wait for the network
    client_jobs: float = 10  # of `jobs`, those of one address
    uploads: float = 64  # bodies of more than a megabyte received at once; they wait on the disk
    uploads_at_once: float = 5  # of them held in memory, up to 64 MB and 40 megapixels each
    project_uploads: float = 8  # of `uploads`, those of one project
    address_uploads: float = 16  # of `uploads`, those of one address

    @classmethod
    def from_environment(cls) -> Limits:
        """Raises AnnotatorError for a variable that is not a number above 0."""
        unset = cls()
        names = [field.name for field in fields(cls)]
        try:
            return cls(
                **{name: number_above_0(f"ANNOTATOR_MAX_{name.upper()}", getattr(unset, name)) for name in names}
            )
        except ValueError as error:
            raise AnnotatorError(str(error)) from error
