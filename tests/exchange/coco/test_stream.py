"""A document that is read item by item is the one that is read as a whole, or is not read so at all."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.exchange.coco import stream
from annotator.exchange.coco.stream import END, UnstreamableError, elements, items
from tests.core.strategies import examples

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from(["info", "é", "more"]), VALUES) | st.fixed_dictionaries(
    {}, optional={"images": st.lists(VALUES), "annotations": st.lists(VALUES), "info": VALUES, "last": VALUES}
)


def read(path):
    found, ended = {}, set()
    for name, item in items(path, lists={"images", "annotations"}):
        if item is END:
            ended.add(name)
            found.setdefault(name, [])
        elif name in {"images", "annotations"}:
            found.setdefault(name, []).append(item)
        else:
            found[name] = item
    assert ended == set(found) & {"images", "annotations"}
    return found


@settings(max_examples=examples(25, 500))
@given(document=DOCUMENTS, indent=st.sampled_from([None, 1]), ascii=st.booleans(), block=st.integers(1, 9))
def test_it_is_what_a_parser_of_the_whole_finds(tmp_path_factory, document, indent, ascii, block):
    path = tmp_path_factory.mktemp("stream") / "a.json"
    text = json.dumps(document, indent=indent, ensure_ascii=ascii)
    path.write_bytes(f" {text}\n".encode("utf-8", "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "_BLOCK", block)
        assert read(path) == document
        path.write_text(json.dumps([document, *document.values()], indent=indent))
        assert list(elements(path)) == [document, *document.values()]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"info": 1, "info": 2}',
        b'{"images": 5}',
        b'{"images": [1 2]}',
        b'{"images": [1,]}',
        b'{"images": [1}',
        b'{"images": [1]',
        b'{"images" [1]}',
        b"{images: [1]}",
        b'{"a": 1} x',
        b'{"a": "\xff"}',
        b'{"a": ' + b"[" * 10**5,
        '{"a": 1}'.encode("utf-16"),
        b'\xef\xbb\xbf{"a": 1}',
    ],
)
def test_anything_else_is_left_to_a_parser_of_the_whole(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UnstreamableError):
        read(path)
    if content != b"[]":
        with pytest.raises(UnstreamableError):
            list(elements(path))
