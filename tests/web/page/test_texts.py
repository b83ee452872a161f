"""The page speaks the editor's languages: labels in the browser's own, answers in that of whoever asks."""

import string
from types import SimpleNamespace

import pytest

from annotator.vision.networks import zoo
from annotator.web.jobs import Job
from annotator.web.page import fragments, texts
from tests.vision.networks.prompts import graphs


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("fr, es;q=0.5, de;q=0.7", "de"),
        ("zh-Hans-CN", "zh"),
        ("pt-BR,pt", "en"),
        ("de;q=much, es", "es"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_an_answer_is_in_the_first_language_that_the_page_speaks(header, language):
    request = SimpleNamespace(headers={} if header is None else {"accept-language": header})
    assert texts.language_of(request) == language


def test_every_language_fills_in_the_same_names():
    tables = texts.in_all_languages(*texts.TRANSLATIONS.translations["en"])
    for key, english in tables["en"].items():
        names = {name for _, name, _, _ in string.Formatter().parse(english) if name}
        for language in texts.LANGUAGES:
            text = tables[language][key]
            assert {name for _, name, _, _ in string.Formatter().parse(text) if name} == names, (key, language)
            assert text.strip()


def test_a_batch_is_told_of_in_the_readers_language():
    job = Job("key", "starter-person", [1, 2], 3, stage="loading")
    assert "Lädt starter-person…" in fragments.job_line(job, "de")
    assert "已预标注 1 张" in fragments.job_line(Job("key", "m", [], 1, running=False), "zh")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(20, "less than a minute"), (80, "about a minute"), (900, "about 15 minutes"), (7500, "about 2 h 5 min")],
)
def test_a_batch_says_how_long_it_still_takes(monkeypatch, seconds, said):
    job = Job("key", "m", [1, 2], 3, stage="running", skipped=7)
    assert "left" not in fragments.job_line(job)
    monkeypatch.setattr(job.pace, "seconds_left", lambda done, total: seconds)
    assert f"Pre-labelling 1 of 3 · {said} left · 7 were pre-labelled before." in fragments.job_line(job)


def test_a_network_is_described_in_the_readers_language_as_long_as_its_description_says_the_same():
    for info in zoo.survey().networks:
        assert texts.translated(f"about_{info.name}", info.description, "de") != info.description
    assert "erkennt: 80 Kategorien" in fragments.model_cards("de")
    assert texts.translated("about_starter-person", "Somebody's own.", "de") == "Somebody's own."
    assert texts.translated("about_nobody", "Somebody's own.", "de") == "Somebody's own."
    assert texts.translated("about_nobody", "", "de") == ""


def test_networks_that_answer_clicks_have_cards_and_the_one_that_is_asked_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path))
    assert "data-fetch='mobile-sam'>Herunterladen (45 MB)" in fragments.model_cards("de")
    graphs.encoder(tmp_path / "mine")
    graphs.decoder(tmp_path / "mine")
    (tmp_path / "mine" / "model.toml").write_text('kind = "prompt"\nname = "mine"\n')
    (card,) = [one for one in fragments.model_cards("en").split("<li>") if "<h3>mine</h3>" in one]
    assert "ready · answers clicks and boxes; the tool that points asks it" in card
    assert "<button" not in card


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "3 batches take turns"),
        ("de", "3 Durchläufe wechseln sich ab"),
        ("es", "3 lotes se turnan"),
        ("zh", "3 个批次轮流进行"),
    ],
)
def test_a_batch_says_that_it_takes_turns_with_others(language, text):
    job = Job("key", "m", [1], 1)
    assert text not in fragments.job_line(job, language, turns=1)
    assert text in fragments.job_line(job, language, turns=3)


@pytest.mark.parametrize(
    ("language", "one", "several"),
    [
        ("en", "1 picture pre-labelled.", "2 pictures pre-labelled."),
        ("de", "Vorschläge für 1 Bild.", "Vorschläge für 2 Bilder."),
        ("es", "Sugerencias en 1 imagen.", "Sugerencias en 2 imágenes."),
        ("zh", "已预标注 1 张。", "已预标注 2 张。"),
    ],
)
def test_one_picture_is_told_of_as_one(language, one, several):
    for done, text in ((1, one), (2, several)):
        job = Job("key", "starter-person", [], done, running=False)
        assert text in fragments.job_line(job, language)
