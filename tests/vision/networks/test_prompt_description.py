"""The `model.toml` of a network that answers prompts, and files whose publisher states other things of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotator.cli.program import main
from annotator.core.errors import FetchError, ModelError
from annotator.vision.networks import zoo
from annotator.vision.networks.description import description_text, read_description
from annotator.vision.networks.zoo import PromptInfo
from tests.vision.networks.server import Server, serving

CONTENT = b"weights" * 50_000


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as served:
        served.files = {"/click/enc.onnx": CONTENT, "/click/dec.onnx": CONTENT[::-1]}
        yield served


@pytest.fixture
def info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> PromptInfo:
    """Two files of which only the SHA-256 is known."""
    lines = ['kind = "prompt"', 'name = "click"', "[fetch]", f'base = "{server.address}click/"']
    for name, content in (("encoder", CONTENT), ("decoder", CONTENT[::-1])):
        lines += ["[[files]]", f'name = "{name}.onnx"', f'sha256 = "{hashlib.sha256(content).hexdigest()}"']
        lines += [f'source = "{name[:3]}.onnx"']
    folder = tmp_path / "models" / "click"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text("\n".join(lines))
    monkeypatch.setenv("ANNOTATOR_MODELS", str(folder.parent))
    monkeypatch.setenv("ANNOTATOR_FETCH_TIMEOUT", "0.5")
    monkeypatch.delenv("ANNOTATOR_OFFLINE_MODELS", raising=False)
    return zoo.find_prompt("click")


def test_a_size_that_is_not_stated_may_be_told_about(info: PromptInfo, capsys: pytest.CaptureFixture[str]) -> None:
    def listed() -> str:
        assert main(["models", "list"]) == 0
        return next(line for line in capsys.readouterr().out.splitlines() if line.startswith("click "))

    assert "size not stated" in listed()
    described = info.folder / "model.toml"
    text = described.read_text().replace("sha256", "about_bytes = 63_000_000\nsha256")
    described.write_text(text)
    assert "to fetch, about 126.0 MB" in listed()
    read = read_description(described)
    described.write_text(description_text(read))
    assert read_description(described).missing_bytes == read.missing_bytes == 126_000_000


def test_files_are_fetched_by_their_sha_256_without_a_size(info: PromptInfo) -> None:
    assert not info.present
    seen: list[tuple[int, int]] = []
    zoo.fetch(info, progress=lambda done, total: seen.append((done, total)))
    zoo.verify(info)
    assert info.present
    assert seen[-1] == (2 * len(CONTENT), 2 * len(CONTENT))
    assert [path.name for path in info.graph_paths] == ["encoder.onnx", "decoder.onnx"]


def test_a_wrong_file_is_not_kept(info: PromptInfo, server: Server) -> None:
    server.files["/click/dec.onnx"] = CONTENT
    with pytest.raises(FetchError, match=r"dec\.onnx does not have the SHA-256 [0-9a-f]{16}…; it was deleted"):
        zoo.fetch(info)
    assert sorted(path.name for path in info.folder.iterdir()) == ["encoder.onnx", "model.toml"]


def test_a_file_that_was_put_there_is_checked_before_use(info: PromptInfo) -> None:
    for name in ("encoder.onnx", "decoder.onnx"):
        (info.folder / name).write_bytes(b"something else")
    assert info.present
    with pytest.raises(ModelError, match=r"encoder\.onnx: SHA-256 .*, expected .*; delete it and fetch click again"):
        zoo.verify(info)


def test_a_description_reads_back_as_it_was_written(info: PromptInfo, tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    path.write_text(description_text(info))
    assert read_description(path, folder=info.folder) == info


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "prompt"', 'kind = "clicks"', 'kind: found \'clicks\', expected "detector" or "prompt"'),
        ('name = "click"', 'name = "click"\nthreshold = 0.5', "threshold: unknown key"),
        ('sha256 = "', 'sha256 = "x', r"files\[0\]\.sha256: found .*, expected 64 lower-case hexadecimal digits"),
        ('source = "enc.onnx"', "", r"files\[0\]\.bytes: missing"),
    ],
)
def test_a_wrong_description_is_refused_by_its_key(info: PromptInfo, old: str, new: str, said: str) -> None:
    path = info.folder / "model.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ModelError, match=said):
        read_description(path)


def test_the_published_promptable_networks_are_described() -> None:
    mobile = zoo.find_prompt("MobileSAM")
    assert [(file.name, file.bytes) for file in mobile.files] == [
        ("encoder.onnx", 28_157_093),
        ("decoder.onnx", 16_496_559),
    ]
    tiny = zoo.find_prompt("sam2.1-tiny")
    assert [(file.bytes, file.algorithm) for file in tiny.files] == [(None, "sha256")] * 2
    assert all(file.source and file.source.startswith("https://") for file in (*mobile.files, *tiny.files))
