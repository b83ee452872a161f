"""A list is put in order once for each version of its project."""

from annotator.core.query import parse
from annotator.storage.search import Search
from annotator.storage.store import Store
from annotator.web.listings import Listings, Totals
from tests.storage.builders import add_image


def test_a_list_is_read_again_only_after_something_was_stored(tmp_path, monkeypatch):
    with Store.open(tmp_path / "project") as store:
        read = []
        ids = store.worklist.ids
        monkeypatch.setattr(store.worklist, "ids", lambda asked: read.append(str(asked.query)) or ids(asked))
        listings = Listings()

        def listed(text):
            return list(listings.ids(store, store.worklist.version(), Search(parse(text))))

        add_image(store, b"1", "a.jpg")
        assert [listed(""), listed("b"), listed(""), listed("b")] == [[1], [], [1], []]
        assert read == ["", "b"]
        add_image(store, b"2", "b.jpg")
        assert [listed("b"), listed("b")] == [[2], [2]]
        assert read == ["", "b", "b"]


def test_totals_follow_what_is_stored(tmp_path):
    with Store.open(tmp_path / "project") as store:
        listings = Listings()
        for number in range(3):
            add_image(store, b"%d" % number, f"{number}.jpg")
        version = store.worklist.version()
        assert listings.totals(store, version) == listings.totals(store, version) == Totals(3, 0, 0)
        store.worklist.mark_reviewed([1], True, who="me")
        store.remove_image(3)
        assert listings.totals(store, store.worklist.version()) == Totals(2, 1, 1)
