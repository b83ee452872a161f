"""The settings of a project: their names in the database, and which of them travel in its archive."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """name: in the database, for ever. travels: whether it is part of the project's archive."""

    name: str
    travels: bool


KEY = Setting("key", travels=False)
"""Lets its reader in; a project that is opened elsewhere gets its own."""

OWNER = Setting("owner", travels=False)
"""Whose the project is, on a server where visitors sign in: Hugging Face's id of that person, nobody's elsewhere."""

NAME = Setting("name", travels=True)
"""What a person calls the project; none until somebody gives it one."""

PUT_AWAY = Setting("put_away", travels=False)
"""Whether the project is listed apart from those that are worked on."""

BINNED = Setting("binned", travels=False)
"""When the project was put into the bin of projects, ISO 8601 in UTC; None where it is not there."""

THRESHOLD = Setting("threshold", travels=True)
"""The score below which suggestions are hidden: that of the network that pre-labelled last."""

DEFAULT_THRESHOLD = 0.5
"""Where no network has pre-labelled yet."""

IMPORTED_EXTRA = Setting("import", travels=True)
"""The imported files' own top-level keys, an object."""

UNFINISHED = Setting("import.unfinished", travels=True)
"""An import that was stopped before its end: its name, and how many of how many images came in. The same import again
brings the rest; None where none was stopped."""

PICTURES = Setting("pictures", travels=False)
"""The address of the store in which the pictures lie; None where they lie in the project's folder."""

CLOSED = Setting("closed", travels=False)
"""Why nothing more is stored here, as the project was moved or is on its way in; None where it is open."""

BATCH = Setting("prelabelling", travels=False)
"""The batch under way: its name, network and what is left to do; None when there is none. It goes on where it is."""

PROGRESS = Setting("prelabelling.progress", travels=False)
"""How far that batch is: a setting of its own, small, as it is written after each few pictures."""

LEASE = Setting("prelabelling.lease", travels=False)
"""Which of several servers goes on with that batch, and a number that it counts up; None where any of them may."""

FILES = Setting("prelabelling.files", travels=False)
"""How far the files are that the command line pre-labels; None where it came to the end."""

BLIND_SHARE = Setting("blind.share", travels=True)
"""The share of the pictures on which no suggestions are shown, 0 to 1; None where nobody chose one."""

TWICE = Setting("twice", travels=True)
"""Which pictures two people annotate: an object of `share`, 0 to 1, the `seed` of the draw, and `suggestions`, whether
the second person begins from these; None where nobody chose."""

HAND_OUT = Setting("hand_out", travels=False)
"""Whether pictures are handed out, so that no two people work on the same one; None where nobody chose."""

VERDICTS = Setting("verdicts", travels=False)
"""Whether a reviewer accepts what is done, or sends it back; None where nobody chose."""

EXPORTED = Setting("exported", travels=False)
"""When the project was read for its last export, as the database keeps times; None before the first."""

SETTINGS = (
    *(KEY, OWNER, NAME, PUT_AWAY, BINNED, THRESHOLD, IMPORTED_EXTRA, UNFINISHED, PICTURES, CLOSED),
    *(BATCH, PROGRESS, LEASE, FILES, BLIND_SHARE, TWICE, HAND_OUT, VERDICTS, EXPORTED),
)
"""All of them. An archive holds those that travel, and no other is taken from one."""
