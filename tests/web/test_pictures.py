"""What a browser is given of a picture: found out once, and the very pixels that are annotated."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from annotator.vision.pictures import renditions
from annotator.web import pictures
from tests.vision.pictures.material import decoded, encoded, photo_like
from tests.vision.pictures.test_renditions import OPAQUE, SEVERAL, TRANSPARENT, deep_png, ramp

READ_BACK = """async ([type, content]) => {
    const image = new Image();
    image.src = `data:${type};base64,${content}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (const value of data) text += String.fromCharCode(value);
    return [canvas.width, canvas.height, btoa(text)];
}"""

SHOWN = {f"transparent {name}": make for name, make in TRANSPARENT.items()}
SHOWN |= {f"opaque {name}": make for name, make in OPAQUE.items() if name in ("png rgba", "png palette", "gif")}
SHOWN |= {f"{bits} bits": lambda bits=bits: deep_png(ramp((1 << bits) - 1)) for bits in (10, 12, 16)}


def test_chromium_shows_the_pixels_that_are_annotated(browse):
    found = {}

    def visit(browser):
        page = browser.new_page()
        for name, make in SHOWN.items():
            shown, kind = renditions.browser_picture(make())
            width, height, values = page.evaluate(READ_BACK, [kind, base64.b64encode(shown).decode()])
            found[name] = np.frombuffer(base64.b64decode(values), np.uint8).reshape(height, width, 4)

    browse(visit)
    for name, make in SHOWN.items():
        assert np.array_equal(found[name][..., :3], decoded(make())), name
        assert (found[name][..., 3] == 255).all(), name


@pytest.mark.parametrize(
    ("content", "change"),
    [
        (encoded(photo_like(), "PNG"), ""),
        (encoded(photo_like(), "JPEG"), ""),
        (deep_png(ramp(4095)), "shallow"),
        (TRANSPARENT["png rgba"](), "opaque"),
        (SEVERAL["gif"](), "frames"),
    ],
)
def test_what_comes_in_says_how_it_is_shown_otherwise_than_expected(client, base, content, change):
    for known in (False, True):
        answer = client.post(f"{base}/images", params={"name": "a"}, content=content).json()
        assert (answer["known"], answer["change"]) == (known, change)


@pytest.fixture
def looks(monkeypatch):
    """The pictures that were looked at."""
    asked = []
    whole = renditions.look
    monkeypatch.setattr(renditions, "look", lambda content: [asked.append(content), whole(content)][1])
    monkeypatch.setattr(pictures, "_AS_THEY_ARE", pictures._Types())
    return asked


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_whether_a_picture_is_shown_as_it_is_is_found_out_once(kind, looks, client, base):
    content = encoded(photo_like(), kind)
    client.post(f"{base}/images?name=a", content=content)
    for _ in range(3):
        answer = client.get(f"{base}/pictures/1")
        assert answer.content == content
        assert answer.headers["content-type"] == f"image/{kind.lower()}"
    assert looks == [content]


def test_another_file_is_made_once_and_is_opaque(looks, client, base):
    content = TRANSPARENT["webp"]()
    client.post(f"{base}/images?name=a", content=content)
    shown = {client.get(f"{base}/pictures/1").content for _ in range(3)}
    assert len(shown) == 1
    assert looks == [content] * 2  # as it comes in, and as the other file is made
    with Image.open(io.BytesIO(shown.pop())) as picture:
        assert picture.mode == "RGB"


def test_the_latest_types_are_known(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_KNOWN", 2)
    known = pictures._Types()
    for sha256 in "abc":
        known.put(sha256, "image/png")
    assert [known.get(sha256) for sha256 in "abc"] == [None, "image/png", "image/png"]
