"""The tab Export shows of a format what it takes, and passes on nothing that is hidden."""

import pytest

from annotator.exchange.formats import FORMATS, Options, base
from annotator.web.page import export_tab
from annotator.web.page.texts import LANGUAGES, TRANSLATIONS

any_format = pytest.mark.parametrize("format", FORMATS.values(), ids=list(FORMATS))


@any_format
def test_a_format_shows_the_options_that_it_takes(format):
    shown = dict(zip(base.OPTIONAL, export_tab._shown_of(format.name), strict=True))
    assert {name for name, update in shown.items() if update["visible"]} == format.takes


@any_format
def test_what_a_hidden_field_still_says_is_not_asked_for(format):
    chosen = {"masks": "rle", "with_images": True, "provenance": False}
    options = export_tab._options(format, split=None, **chosen)
    assert format.refused(base.asked_for(options)) == []
    for name in format.takes:
        assert getattr(options, name) == chosen[name]
    assert options.zipped == (format.brings_pictures or "with_images" in format.takes)


def test_what_is_one_file_leaves_as_it_is():
    alone = {name for name, one in FORMATS.items() if not one.brings_pictures}
    for name, one in FORMATS.items():
        options = export_tab._options(one, split=None, masks="lossless", with_images=False, provenance=True)
        assert options == Options(zipped=name not in alone)


@any_format
def test_a_format_has_its_name_in_every_language(format):
    for language in LANGUAGES:
        assert TRANSLATIONS.translations[language][f"format_{format.name}"] == format.titles.get(language, format.title)
