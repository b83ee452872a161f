"""Fetching over a network that does everything wrong."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from annotator.core.errors import FetchError
from annotator.vision.networks import zoo
from annotator.vision.networks.zoo import FetchCancelledError, ModelInfo
from tests.vision.networks.server import Server, serving

XML = b"<graph/>" * 100
BIN = np.random.default_rng(5).bytes(1_000_000)
BASE = "https://models.invalid/zoo/"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as served:
        served.files = {"/mirror/net/FP16/net.xml": XML, "/mirror/net/FP16/net.bin": BIN}
        yield served


@pytest.fixture
def info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> ModelInfo:
    """A model of two files that the server mirrors; nothing of it is on the disk."""
    lines = ['name = "net"', 'title = "the-whole-net"', "[input]", 'resize = "fit"', 'order = "BGR"']
    lines += ["[fetch]", f'base = "{BASE}"', "[[categories]]", "id = 1", 'name = "person"']
    for name, content in (("xml", XML), ("bin", BIN)):
        lines += ["[[files]]", 'precision = "FP16"', f'name = "model.{name}"', f"bytes = {len(content)}"]
        lines += [f'sha384 = "{hashlib.sha384(content).hexdigest()}"', f'source = "net/FP16/net.{name}"']
    folder = tmp_path / "models" / "net"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text("\n".join(lines))
    monkeypatch.setenv("ANNOTATOR_MODELS", str(folder.parent))
    monkeypatch.setenv("ANNOTATOR_MIRROR", server.address + "mirror")
    monkeypatch.setenv("ANNOTATOR_FETCH_TIMEOUT", "0.5")
    monkeypatch.delenv("ANNOTATOR_OFFLINE_MODELS", raising=False)
    return zoo.find("net")


def is_whole(info: ModelInfo) -> bool:
    zoo.verify(info)
    return {path.name for path in info.folder.iterdir()} == {"model.toml", "model.xml", "model.bin"}


def test_a_model_is_fetched_with_progress_to_the_last_byte(info: ModelInfo) -> None:
    seen: list[tuple[int, int]] = []
    zoo.fetch(info, progress=lambda done, total: seen.append((done, total)))
    assert is_whole(info)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (len(XML) + len(BIN), len(XML) + len(BIN))


def test_what_is_there_is_not_fetched_again(info: ModelInfo, server: Server) -> None:
    zoo.fetch(info)
    count = len(server.requests)
    zoo.fetch(info)
    assert len(server.requests) == count


def test_a_file_damaged_on_disk_is_fetched_again(info: ModelInfo) -> None:
    zoo.fetch(info)
    (info.folder / "model.bin").write_bytes(bytes(len(BIN)))
    zoo.fetch(info)
    assert is_whole(info)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("404", r"net\.bin: answered 404 Not Found"),
        ("page", r"net\.bin: answered with a web page, expected 1000000 bytes of model\.bin"),
        ("page as bytes", r"net\.bin: \d+ bytes, expected 1000000"),
        ("flip", r"net\.bin does not have the SHA-384 .*; it was deleted"),
        ("longer", r"net\.bin: longer than the 1000000 bytes expected"),
        ("redirect file:///etc/passwd", r"answered 302 .*file:///etc/passwd.* is not allowed"),
        ("redirect ftp://127.0.0.1/x", r"answered 302 redirect to ftp://127\.0\.0\.1/x refused"),
    ],
)
def test_what_is_not_the_file_never_becomes_a_model(info: ModelInfo, server: Server, fault: str, message: str) -> None:
    server.faults = ["", fault]
    with pytest.raises(FetchError, match=message) as error:
        zoo.fetch(info)
    assert "\n" not in str(error.value)
    assert {path.name for path in info.folder.iterdir()} <= {"model.toml", "model.xml"} | {"model.bin.part"}
    assert not info.present
    zoo.fetch(info)
    assert is_whole(info)


def test_a_failure_says_what_works_and_where_to_put_the_files(info: ModelInfo, server: Server) -> None:
    ready = info.folder.with_name("ready")
    ready.mkdir()
    text = (info.folder / "model.toml").read_text().partition("[fetch]")[0]
    (ready / "model.toml").write_text(text.replace("net", "ready") + '[[categories]]\nid = 1\nname = "person"\n')
    (ready / "model.xml").write_bytes(XML)
    (ready / "model.bin").write_bytes(BIN)
    server.faults = ["404"]
    with pytest.raises(FetchError) as error:
        zoo.fetch(info)
    line = str(error.value)
    assert re.search(r"; ready without it: [^;]*\bready\b[^;]*; by hand: ", line)
    assert f"put model.xml ({len(XML)} bytes) and model.bin ({len(BIN)} bytes) into {info.folder}" in line
    assert f"or into {info.name} in the folder that ANNOTATOR_OFFLINE_MODELS names" in line


@pytest.mark.parametrize("fault", ["truncate", "stall"])
def test_a_transfer_that_breaks_off_is_resumed_by_itself(info: ModelInfo, server: Server, fault: str) -> None:
    server.faults = ["", fault]
    zoo.fetch(info)
    assert is_whole(info)
    assert server.requests[-1] == ("/mirror/net/FP16/net.bin", f"bytes={len(BIN) // 2}-")


def test_a_line_that_brings_nothing_is_not_asked_again(info: ModelInfo, server: Server) -> None:
    server.faults = ["nothing"] * 3
    with pytest.raises(FetchError, match=f"ended after 0 of {len(XML)} bytes"):
        zoo.fetch(info)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        (["truncate"] * 3, r"net\.bin: (ended|broke off) after 875000 of 1000000 bytes"),
        (["stall"] * 3, r"net\.bin: silent for 0\.5 s after 875000 of 1000000 bytes"),
    ],
)
def test_a_line_that_keeps_breaking_is_an_error_and_the_next_fetch_goes_on_from_there(
    info: ModelInfo, server: Server, faults: list[str], message: str
) -> None:
    server.faults = ["", *faults]
    with pytest.raises(FetchError, match=message):
        zoo.fetch(info)
    assert (info.folder / "model.bin.part").stat().st_size == 875_000
    seen: list[int] = []
    zoo.fetch(info, progress=lambda done, total: seen.append(done))
    assert min(seen[1:]) >= 875_000
    assert server.requests[-1][1] == "bytes=875000-"
    assert is_whole(info)


@pytest.mark.parametrize("count", [1, 100])
def test_a_line_that_drips_is_given_up(info: ModelInfo, server: Server, count: int) -> None:
    server.faults = ["", *[f"drip {count}"] * 3]
    began = time.monotonic()
    with pytest.raises(
        FetchError, match=r"net\.bin: \d+ bytes a second after \d+ of 1000000 bytes, expected at least 8192"
    ):
        zoo.fetch(info)
    assert time.monotonic() - began < 15


def test_an_answer_whose_head_drips_in_is_given_up(info: ModelInfo, server: Server) -> None:
    server.faults = ["", "slow head"]
    began = time.monotonic()
    with pytest.raises(FetchError, match=r"127\.0\.0\.1:\d+ could not be reached \(silent for 0\.5 s\)"):
        zoo.fetch(info)
    assert time.monotonic() - began < 15  # the whole head would take 20 s


def test_a_slow_line_that_brings_enough_is_waited_for(
    info: ModelInfo, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANNOTATOR_FETCH_TIMEOUT", "2")  # a busy machine is silent for a while, but not for so long
    server.faults = ["", "drip 5000"]  # 200 times 20 ms: twice the timeout
    zoo.fetch(info)
    assert is_whole(info)
    assert [span for _, span in server.requests] == [None, None]


@pytest.mark.parametrize("fault", ["no ranges", "wrong range", "416"])
def test_a_server_that_does_not_resume_is_asked_for_the_whole_file(info: ModelInfo, server: Server, fault: str) -> None:
    (info.folder / "model.bin.part").write_bytes(BIN[:1000])
    server.faults = ["", fault]
    zoo.fetch(info)
    assert is_whole(info)


@pytest.mark.parametrize("leftover", [b"", BIN, BIN + b"more", b"wrong" * 200_000])
def test_any_leftover_of_an_earlier_fetch_ends_in_the_right_file(info: ModelInfo, leftover: bytes) -> None:
    part = info.folder / "model.bin.part"
    part.write_bytes(leftover)
    if leftover.startswith(b"wrong"):
        with pytest.raises(FetchError, match="does not have the SHA-384"):
            zoo.fetch(info)
    zoo.fetch(info)
    assert is_whole(info)


def test_a_wrong_beginning_is_thrown_away_and_the_retry_starts_anew(info: ModelInfo) -> None:
    (info.folder / "model.bin.part").write_bytes(b"wrong" * 1000)
    with pytest.raises(FetchError, match="does not have the SHA-384"):
        zoo.fetch(info)
    assert not (info.folder / "model.bin.part").exists()
    zoo.fetch(info)
    assert is_whole(info)


def test_a_cancelled_fetch_stops_and_keeps_what_it_has(info: ModelInfo) -> None:
    seen: list[int] = []
    with pytest.raises(FetchCancelledError, match="stay and are resumed"):
        zoo.fetch(
            info, progress=lambda done, total: seen.append(done), cancelled=lambda: max(seen, default=0) > 300_000
        )
    assert 300_000 < (info.folder / "model.bin.part").stat().st_size + len(XML) < len(BIN)
    zoo.fetch(info)
    assert is_whole(info)


def test_redirects_to_http_are_followed(info: ModelInfo, server: Server) -> None:
    server.files["/elsewhere"] = BIN
    server.faults = ["", f"redirect {server.address}elsewhere"]
    zoo.fetch(info)
    assert is_whole(info)


@pytest.mark.parametrize(
    ("mirror", "message"),
    [
        ("http://127.0.0.1:9/", r"127\.0\.0\.1:9 could not be reached \(connection refused\)"),
        ("http://models.invalid/", r"models\.invalid could not be reached \(.+\)"),
        ("file:///tmp/", "ANNOTATOR_MIRROR: found 'file:///tmp/', expected an http"),
        ("nonsense", "ANNOTATOR_MIRROR: found 'nonsense'"),
    ],
)
def test_a_mirror_that_is_not_there_is_one_clear_line(
    info: ModelInfo, monkeypatch: pytest.MonkeyPatch, mirror: str, message: str
) -> None:
    monkeypatch.setenv("ANNOTATOR_MIRROR", mirror)
    with pytest.raises(FetchError, match=message) as error:
        zoo.fetch(info)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "layout",
    ["net/model.{}", "the-whole-net/FP16/net.{}", "intel/the-whole-net/FP16/net.{}", "net/FP16/net.{}"],
)
def test_an_offline_folder_serves_in_every_layout_of_the_zoo(
    info: ModelInfo, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    offline = tmp_path / "offline"
    for name, content in (("xml", XML), ("bin", BIN)):
        path = offline / layout.format(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    monkeypatch.setenv("ANNOTATOR_OFFLINE_MODELS", str(offline))
    zoo.fetch(info)
    assert is_whole(info)
    assert server.requests == []


def test_a_wrong_file_in_the_offline_folder_is_named(
    info: ModelInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "offline" / "net" / "model.xml"
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(XML[:-1] + b"!")
    monkeypatch.setenv("ANNOTATOR_OFFLINE_MODELS", str(tmp_path / "offline"))
    with pytest.raises(FetchError, match=f"{wrong} is not the file expected"):
        zoo.fetch(info)
    monkeypatch.setenv("ANNOTATOR_OFFLINE_MODELS", str(tmp_path / "nowhere"))
    with pytest.raises(FetchError, match="nowhere is not a folder"):
        zoo.fetch(info)


def test_a_folder_that_cannot_be_written_is_named(info: ModelInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    (info.folder / "model.bin.part").mkdir()
    with pytest.raises(FetchError, match=r"model\.bin\.part: cannot be read or written \(Is a directory\)"):
        zoo.fetch(info)


def test_threads_that_fetch_at_once_leave_one_right_model(info: ModelInfo, server: Server) -> None:
    failures: list[Exception] = []

    def run() -> None:
        try:
            zoo.fetch(info)
        except FetchError as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert is_whole(info)
    assert len(server.requests) == 2


def test_processes_that_fetch_at_once_leave_one_right_model(info: ModelInfo, server: Server) -> None:
    program = "from annotator.vision.networks import zoo; zoo.fetch(zoo.find('net'))"
    running = [subprocess.Popen([sys.executable, "-c", program], env=os.environ) for _ in range(2)]
    assert [process.wait(30) for process in running] == [0, 0]
    assert is_whole(info)
    assert len(server.requests) == 2
