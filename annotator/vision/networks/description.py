"""A network's `model.toml`: read strictly, and written so that it reads back the same.

Tests: tests/vision/networks/test_zoo.py
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_args
from urllib.parse import urljoin, urlsplit

from annotator.core.dataset import Category
from annotator.core.errors import ModelError
from annotator.core.geometry import ResizeRule
from annotator.core.numbers import is_finite
from annotator.vision.networks.model_info import (
    Algorithm,
    ModelFile,
    ModelInfo,
    NetworkInfo,
    Outputs,
    PromptInfo,
    Server,
    Triple,
)

KINDS = ("detector", "prompt")
RESIZES = get_args(ResizeRule)
OUTPUTS = get_args(Outputs)

DESCRIPTION_NAME = "model.toml"
SERVER_URL = "an http(s) address, without a name, a password, '?' or '#'"
# A model's name is a folder's name too: nothing in it can leave the models folder or hide there.
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
FILE_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
HASH_PATTERNS: dict[Algorithm, re.Pattern[str]] = {
    "sha384": re.compile(r"[0-9a-f]{96}"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
}


def read_description(path: Path, *, folder: Path | None = None) -> NetworkInfo:
    """A `model.toml` -> ModelInfo, or PromptInfo of `kind = "prompt"`, whose files lie in `folder`, or else beside it.

    Raises ModelError in one line that names the file, the key, what was found and what was expected. Of several
    precisions, the environment's ANNOTATOR_PRECISION is chosen where the model has it, else `[fetch] precision`, else
    the first listed.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: is not TOML ({error})") from error
    root = _Table(table, path=path, prefix="")
    kind = root.take("kind", '"detector" or "prompt"', lambda value: value in KINDS, default="detector")
    inputs = root.table("input") if kind == "detector" else None
    common = _common(root, folder=path.parent if folder is None else folder)
    info: NetworkInfo = PromptInfo(**common) if inputs is None else _detector(root, inputs, common)
    root.require_nothing_left()
    return info


def _common(root: _Table, *, folder: Path) -> dict[str, Any]:
    """What a description of either kind says."""
    fetch = root.table("fetch", optional=True)
    base = fetch.take("base", "an http(s) address ending in '/'", _is_base, default="")
    preferred = fetch.take("precision", "the precision of a file", _is_text, default="")
    name = root.take("name", "lower-case letters, digits, '.', '_' or '-'", _is_name)
    fetch.require_nothing_left()
    return {
        "name": name,
        "title": root.take("title", "a text", _is_text, default=name),
        "version": root.take("version", "a text", _is_text, default="1"),
        "folder": folder,
        "files": _chosen(_files(root.tables("files", optional=True), base=base), preferred=preferred),
        "description": root.take("description", "a text", lambda value: isinstance(value, str), default=""),
        "base": base,
    }


def _detector(root: _Table, inputs: _Table, common: dict[str, Any]) -> ModelInfo:
    resize = inputs.take("resize", _one_of(RESIZES), lambda value: value in RESIZES)
    largest = inputs.take("largest", "2 sides in pixels", _is_size) if resize == "shrink" else None
    info = ModelInfo(
        **common,
        resize=resize,
        pad=inputs.take("pad", "a whole number 0..255", lambda value: _is_integer(value, 0, 255), default=0),
        order=inputs.take("order", '"BGR" or "RGB"', lambda value: value in ("BGR", "RGB")),
        mean=_triple(inputs.take("mean", "3 numbers", _is_triple, default=[0, 0, 0])),
        scale=_triple(inputs.take("scale", "3 numbers other than 0", _is_scale, default=[1, 1, 1])),
        categories=_categories(root.tables("categories")),
        threshold=float(root.take("threshold", "a number 0..1", _is_fraction, default=0.5)),
        outputs=root.take("outputs", _one_of(OUTPUTS), lambda value: value in OUTPUTS, default="regions"),
        largest=(largest[0], largest[1]) if largest else None,
        server=_server(root),
        most=root.take("most", "a whole number from 1", lambda value: _is_integer(value, 1, 2**31 - 1), default=0)
        or None,
    )
    inputs.require_nothing_left()
    return info


def _server(root: _Table) -> Server | None:
    """Where the network runs, if not here."""
    if not root.has("server"):
        return None
    table = root.table("server")
    url = table.take("url", SERVER_URL, is_server_url)
    server = Server(
        url=url.rstrip("/"),
        model=table.take(
            "model", "a text of at most 200 characters", lambda value: _is_text(value) and len(value) <= 200
        ),
        timeout_s=float(
            table.take("timeout", "seconds, 1 to 3600", lambda value: _is_within(value, 1, 3600), default=60)
        ),
        requests=table.take("requests", "a whole number 1..64", lambda value: _is_integer(value, 1, 64), default=4),
    )
    table.require_nothing_left()
    return server


class _Table:
    """One table of the file: values are taken out one by one, so that what is left over is a misspelt key."""

    def __init__(self, values: dict[str, Any], *, path: Path, prefix: str) -> None:
        self._values = dict(values)
        self._path = path
        self._prefix = prefix

    def fail(self, key: str, found: str, expected: str) -> NoReturn:
        raise ModelError(f"{self._path}: {self._prefix}{key}: {found}, expected {expected}")

    def take(self, key: str, expected: str, fits: Callable[[Any], bool], *, default: Any = None) -> Any:
        if key not in self._values:
            if default is None:
                self.fail(key, "missing", expected)
            return default
        value = self._values.pop(key)
        if not fits(value):
            self.fail(key, f"found {str(value)[:80]!r}", expected)
        return value

    def has(self, key: str) -> bool:
        return key in self._values

    def table(self, key: str, *, optional: bool = False) -> _Table:
        values = self.take(
            key, f"a table [{key}]", lambda value: isinstance(value, dict), default={} if optional else None
        )
        return _Table(values, path=self._path, prefix=f"{self._prefix}{key}.")

    def tables(self, key: str, *, optional: bool = False) -> list[_Table]:
        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(row, dict) for row in value) and (optional or value != [])

        rows = self.take(key, f"tables [[{key}]]", fits, default=[] if optional else None)
        return [_Table(row, path=self._path, prefix=f"{self._prefix}{key}[{index}].") for index, row in enumerate(rows)]

    def require_nothing_left(self) -> None:
        for key in self._values:
            self.fail(key, "unknown key", "none of that name")


def _categories(rows: list[_Table]) -> tuple[Category, ...]:
    categories: list[Category] = []
    for row in rows:
        category = Category(
            id=row.take("id", "a whole number from 1", lambda value: _is_integer(value, 1, 2**31 - 1)),
            name=row.take("name", "a text", _is_text),
            supercategory=row.take("supercategory", "a text", lambda value: isinstance(value, str), default=""),
        )
        row.require_nothing_left()
        for other in categories:
            if category.id == other.id:
                row.fail("id", f"found {category.id} again", "each id once")
            if category.name == other.name:
                row.fail("name", f"found {category.name!r} again", "each name once")
        categories.append(category)
    return tuple(categories)


def _files(rows: list[_Table], *, base: str) -> list[ModelFile]:
    files = []
    for row in rows:
        source = row.take("source", "an http(s) address, or a path relative to [fetch] base", _is_text, default="")
        address = urljoin(base, source) if source else None
        if address is not None and not _is_address(address):
            row.fail("source", f"found {source!r}", "an http(s) address, or a path relative to [fetch] base")
        algorithm: Algorithm = "sha256" if row.has("sha256") else "sha384"
        size = row.take("bytes", "a whole number from 1", lambda value: _is_integer(value, 1, 2**40), default=0)
        if not size and address is None:
            row.fail("bytes", "missing", "a whole number from 1")
        files.append(
            ModelFile(
                precision=row.take("precision", "a text such as FP16", _is_text, default="FP32"),
                name=row.take("name", "a plain file name", _is_file_name),
                bytes=size or None,
                hash=_hash(row, algorithm),
                source=address,
                algorithm=algorithm,
                about=row.take(
                    "about_bytes", "a whole number from 1", lambda value: _is_integer(value, 1, 2**40), default=0
                )
                or None,
            )
        )
        row.require_nothing_left()
    return files


def _chosen(files: list[ModelFile], *, preferred: str) -> tuple[ModelFile, ...]:
    """The files of one precision."""
    precisions = [file.precision for file in files]
    wanted = [
        name for name in (os.environ.get("ANNOTATOR_PRECISION", ""), preferred, *precisions) if name in precisions
    ]
    return tuple(file for file in files if file.precision == wanted[0]) if wanted else ()


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != "" and value.isprintable()


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and NAME_PATTERN.fullmatch(value) is not None


def _is_file_name(value: Any) -> bool:
    return isinstance(value, str) and FILE_NAME_PATTERN.fullmatch(value) is not None and value != DESCRIPTION_NAME


def _hash(row: _Table, algorithm: Algorithm) -> str:
    pattern = HASH_PATTERNS[algorithm]
    digits = {"sha384": 96, "sha256": 64}[algorithm]
    expected = f"{digits} lower-case hexadecimal digits"
    found: str = row.take(
        algorithm, expected, lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None
    )
    return found


def _one_of(names: Sequence[str]) -> str:
    *others, last = (f'"{name}"' for name in names)
    return f"{', '.join(others)} or {last}"


def _is_integer(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_fraction(value: Any) -> bool:
    return _is_within(value, 0, 1)


def _is_within(value: Any, low: float, high: float) -> bool:
    return is_finite(value) and low <= value <= high


def _is_triple(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(is_finite, value))


def _is_scale(value: Any) -> bool:
    return _is_triple(value) and all(item != 0 for item in value)


def _is_size(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_is_integer(side, 1, 2**15) for side in value)


def _is_address(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def is_server_url(value: Any) -> bool:
    """Whether a served network can stand behind it: what is secret does not belong into a description."""
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{1,500}", value) or set(value) & set("?#@\\"):
        return False
    try:
        return _is_address(value) and urlsplit(value).port != 0
    except ValueError:  # a port that is no number
        return False


def _is_base(value: Any) -> bool:
    return isinstance(value, str) and _is_address(value) and value.endswith("/")


def _triple(values: list[float]) -> Triple:
    first, second, third = (float(value) for value in values)
    return first, second, third


def description_text(info: NetworkInfo) -> str:
    """ModelInfo or PromptInfo -> the text of a `model.toml` that reads back as it, but for the folder."""
    lines = [*_pairs(kind="prompt")] if isinstance(info, PromptInfo) else []
    lines += _pairs(name=info.name, title=info.title, version=info.version)
    lines += _pairs(threshold=info.threshold) if isinstance(info, ModelInfo) else []
    lines += _pairs(most=info.most) if isinstance(info, ModelInfo) and info.most is not None else []
    lines += _pairs(description=info.description)
    if isinstance(info, ModelInfo):
        lines += [] if info.outputs == "regions" else _pairs(outputs=info.outputs)
        lines += ["", "[input]", *_pairs(resize=info.resize, pad=info.pad, order=info.order)]
        lines += [] if info.largest is None else _pairs(largest=list(info.largest))
        lines += _pairs(mean=list(info.mean), scale=list(info.scale))
    if isinstance(info, ModelInfo) and info.server:
        served = info.server
        lines += ["", "[server]", *_pairs(url=served.url, model=served.model)]
        lines += _pairs(timeout=served.timeout_s, requests=served.requests)
    if info.base:
        lines += ["", "[fetch]", *_pairs(base=info.base)]
    for category in info.categories if isinstance(info, ModelInfo) else ():
        lines += [
            "",
            "[[categories]]",
            *_pairs(id=category.id, name=category.name, supercategory=category.supercategory),
        ]
    for file in info.files:
        lines += ["", "[[files]]", *_pairs(precision=file.precision, name=file.name)]
        lines += [] if file.bytes is None else _pairs(bytes=file.bytes)
        lines += [] if file.about is None else _pairs(about_bytes=file.about)
        lines += _pairs(**{file.algorithm: file.hash})
        lines += _pairs(source=file.source) if file.source else []
    return "\n".join(lines) + "\n"


def _pairs(**values: Any) -> list[str]:
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped too.
    return [
        f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f") for key, value in values.items()
    ]
