"""What goes to stderr: progress and messages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from annotator.core.text import escaped

if TYPE_CHECKING:
    from annotator.prelabel.journey import Failure


def progress_bar(label: str, unit: str = "picture", *, scale: bool = False) -> Callable[[int, int], None]:
    """A progress bar on stderr, as a callback of (done, total)."""
    from tqdm import tqdm

    bar = tqdm(desc=label, unit=unit, unit_scale=scale, file=sys.stderr, dynamic_ncols=True, disable=None, leave=False)

    def update(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return update


def show_nothing(done: int, total: int) -> None:
    """The progress of what takes no time."""


def say(message: str) -> None:
    """One line: the name of a file may hold line breaks, and commands to the terminal."""
    print(escaped(message), file=sys.stderr)


def tell_failures(failures: Sequence[Failure]) -> None:
    """A line for each picture that could not be done."""
    for failure in failures:
        say(f"error: {failure}")
