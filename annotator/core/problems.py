"""Problems of a document from outside, each with its path; of each kind the first few are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

Level = Literal["error", "warning", "note"]

MOST_OF_A_KIND = 20
"""Problems of one kind that a person is told of, unless they ask for all."""

_MOST_KINDS = 200
_VALUE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[-+]?\d[\d.,]*(?:e[-+]?\d+)?")
_COMPARED = 200  # characters of a message that make its kind


@dataclass(frozen=True)
class Problem:
    """One finding. An error makes the document unreadable to us or wrong; a warning harms some readers; a note is worth
    knowing.

    path: where in the document, such as `annotations[17].segmentation`; empty for the document as a whole.
    file: the file's name, where there are several. more: how many further problems of its kind were only counted.
    """

    level: Level
    path: str
    message: str
    file: str = ""
    more: int = 0

    def __str__(self) -> str:
        line = ": ".join(part for part in (self.file, self.path, self.message) if part)
        return f"{line} (and {self.more:,} more like this)" if self.more else line


def error(message: str, *, path: str = "", file: str = "") -> Problem:
    """A problem that stands alone."""
    return Problem("error", path, message, file)


@dataclass
class Findings:
    """Collects problems in their order; of each kind at most `most` are kept, and the rest is counted.

    Problems are of one kind where they differ in nothing but indices, numbers and what is quoted.
    """

    most: int | None = None
    has_errors: bool = field(default=False, init=False)
    _told: list[Problem] = field(default_factory=list)
    _kinds: dict[tuple[str, str, str], _Kind] = field(default_factory=dict)

    def error(self, path: str, message: str) -> None:
        self.add(Problem("error", path, message))

    def warn(self, path: str, message: str) -> None:
        self.add(Problem("warning", path, message))

    def note(self, path: str, message: str) -> None:
        self.add(Problem("note", path, message))

    def add(self, problem: Problem) -> None:
        self.has_errors |= problem.level == "error"
        if self.most is None:
            self._told.append(problem)
            return
        name = _kind_of(problem)
        if name not in self._kinds and len(self._kinds) >= _MOST_KINDS:
            name = (problem.level, "", "others")
        kind = self._kinds.setdefault(name, _Kind())
        if kind.told < self.most:
            kind.told, kind.last = kind.told + 1, len(self._told)
            self._told.append(problem)
        else:
            kind.untold += 1 + problem.more

    @property
    def problems(self) -> list[Problem]:
        """What is told; the last one of a kind says how many more there are."""
        told = self._told.copy()
        for kind in self._kinds.values():
            if kind.untold:
                told[kind.last] = replace(told[kind.last], more=told[kind.last].more + kind.untold)
        return told

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.level == "error"]


@dataclass
class _Kind:
    told: int = 0
    untold: int = 0
    last: int = -1  # index of the last one told


def _kind_of(problem: Problem) -> tuple[str, str, str]:
    message = _VALUE.sub("", problem.message[:_COMPARED])
    return problem.level, problem.file + _VALUE.sub("", problem.path[:_COMPARED]), message
