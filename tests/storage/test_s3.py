"""Pictures in a store of S3's protocol, which may be late, vanish, or hold millions of other files."""

import secrets
import threading
from urllib.parse import parse_qs

import pytest

from annotator.core.errors import StoreError
from annotator.prelabel.cluster.pictures import list_pictures
from annotator.storage import picture_store
from annotator.storage.store import Store
from tests.conftest import picture
from tests.storage.builders import add_image, one_line

POSTGRESQL = "pictures are the same beside each database"

for _library in ("s3fs", "moto", "flask", "flask_cors"):
    pytest.importorskip(_library, reason="the extra s3 is not installed")


@pytest.fixture(scope="module")
def server():
    from tests.storage.s3_server import S3

    found = S3()
    yield found
    found.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    """A bucket of its own, in which others keep files too; its name."""
    import s3fs

    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(picture_store, "_PAUSES_S", (0.05, 0.8))
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"bucket-{secrets.token_hex(4)}"
    files = s3fs.S3FileSystem(use_listings_cache=False)
    files.mkdir(name)
    for number in range(30):
        files.pipe_file(f"{name}/others/{number}.jpg", b"of another program")
    server.asked.clear()
    yield name
    server.late, server.broken = 0.0, frozenset()


def listings(server):
    """What was asked to be listed: a prefix each, with the most that may come."""
    found = [parse_qs(query) for method, _, query in server.asked if method == "GET" and "list-type" in query]
    return [(one.get("prefix", [""])[0], int(one.get("max-keys", ["1000"])[0])) for one in found]


def test_pictures_come_and_go_without_a_look_at_what_else_is_in_the_bucket(server, bucket, tmp_path):
    with Store.open(tmp_path / "project", pictures=f"s3://{bucket}/birds") as store:
        one, two = add_image(store, b"one"), add_image(store, b"two", "b.jpg")
        store.content_path(one.sha256).unlink()  # as on another machine
        assert store.content(one) == b"one"
        assert add_image(store, b"one").id == one.id
        store.remove_image(two.id)
        assert [image.id for image in store.bin()] == [two.id]
        store.empty_bin()
        assert store.bin() == ()
    stored = [path for method, path, _ in server.asked if method == "PUT"]
    assert sorted(stored) == sorted(f"/{bucket}/birds/{one[:2]}/{one}" for one in (one.sha256, two.sha256))  # once each
    assert all(prefix.startswith("birds/") and most <= 2 for prefix, most in listings(server))


def test_a_store_that_vanishes_is_one_line_and_loses_nothing(server, bucket, tmp_path):
    with Store.open(tmp_path / "project", pictures=f"s3://{bucket}/birds") as store:
        add_image(store, b"before")
        server.broken = frozenset(("PUT", "HEAD", "GET"))
        with pytest.raises(StoreError, match="the store of the pictures does not answer") as error:
            add_image(store, b"while it is away")
        one_line(error)
        assert store.image_count() == 1
        server.broken = frozenset()
        server.stop()
        again = threading.Timer(0.3, server.start)  # a store that is there again soon is waited for
        again.start()
        assert add_image(store, b"while it is away").id == 2
        again.join()


def test_a_store_that_is_late_is_waited_for_and_asked_again_but_not_for_ever(server, bucket, tmp_path, monkeypatch):
    monkeypatch.setitem(picture_store._OPTIONS["s3"]["config_kwargs"], "read_timeout", 0.5)
    with Store.open(tmp_path / "project", pictures=f"s3://{bucket}/birds") as store:
        server.late = 0.2
        image = add_image(store, b"late")
        server.late = 1.5
        store.content_path(image.sha256).unlink()
        with pytest.raises(StoreError, match="the store of the pictures does not answer") as error:
            store.content(image)
        one_line(error)
        server.late = 0.0
        assert store.content(image) == b"late"


def test_the_pictures_below_an_address_are_listed_folder_by_folder(server, bucket):
    import s3fs

    files = s3fs.S3FileSystem()
    for name in ("a.png", "deep/b.png", "notes.txt"):
        files.pipe_file(f"{bucket}/photos/{name}", picture())
    server.asked.clear()
    found = list_pictures([f"s3://{bucket}/photos"])
    assert [(one.name, one.address) for one in found] == [
        ("a.png", f"s3://{bucket}/photos/a.png"),
        ("deep/b.png", f"s3://{bucket}/photos/deep/b.png"),
    ]
    assert found[0].read() == picture()
    assert {prefix.partition("/")[0] for prefix, _ in listings(server)} == {"photos"}
