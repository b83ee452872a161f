"""Pieces of HTML and of text that the page shows. Every name in them is somebody's own, and so escaped.

Tests: tests/web/test_names.py, tests/web/page/test_texts.py
"""

from __future__ import annotations

from html import escape
from itertools import combinations

from annotator.vision.networks import zoo
from annotator.vision.networks.served.health import HEALTH
from annotator.vision.networks.zoo import ModelInfo, NetworkInfo
from annotator.web.fetches import Fetch
from annotator.web.jobs import Job
from annotator.web.page.texts import Language, say, translated


def classes(info: ModelInfo, language: Language = "en") -> str:
    several = len(info.categories)
    return info.categories[0].name if several == 1 else say("classes", language, n=several)


def megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{max(count / 1e3, 1):.0f} kB"


AND = "+"
"""Between the names of two networks that pre-label together; no name has it."""

MOST_PAIRED = 6
"""Networks that are offered in pairs, those that come first."""


def model_choices(language: Language = "en") -> list[tuple[str, str]]:
    """Label and name of each model: what it detects, and whether it is here or would be fetched. Then, of those that
    are here, each two together.
    """

    def state(info: ModelInfo) -> str:
        if info.server:
            return say("served", language)
        if info.present:
            return say("ready", language)
        return say("fetches_once", language, size=megabytes(info.missing_bytes))

    models = zoo.list_models()
    together = combinations([info.name for info in models if info.present][:MOST_PAIRED], 2)
    return [
        *((f"{info.name} · {classes(info, language)} · {state(info)}", info.name) for info in models),
        *((f"{one} + {other} · {say('two_networks', language)}", f"{one}{AND}{other}") for one, other in together),
    ]


def model_cards(language: Language = "en") -> str:
    """A card for each network, with the one thing to do: fetch it, or pre-label with it.

    The tool that points asks one that answers clicks; which one, its card says.
    """
    survey, asked = zoo.survey(), zoo.prompt_here()
    served = HEALTH.ready(survey.models)

    def button(info: NetworkInfo) -> str:
        if info.present and not isinstance(info, ModelInfo):
            return ""
        does, text = ("use", say("use", language)) if info.present else ("fetch", _fetch(info, language))
        kind = "annotator-button" if info.present else "annotator-button primary"
        return f"<button class='{kind}' data-{does}='{escape(info.name)}'>{escape(text)}</button>"

    def facts(info: NetworkInfo) -> str:
        said = [say("here", language)] if info.present else []
        if info.name in served:
            said = [say("server_ready" if served[info.name] else "server_silent", language)]
        if isinstance(info, ModelInfo):
            said.append(say("detects", language, what=classes(info, language)))
            said += [] if info.has_masks else [say("boxes_alone", language)]
            said.append(say("default_threshold", language, threshold=f"{info.threshold:.2f}"))
        else:
            is_asked = asked is not None and asked.name == info.name
            said.append(say("is_asked" if is_asked else "answers_clicks", language))
        return escape(" · ".join(said))

    def about(info: NetworkInfo) -> str:
        return escape(translated(f"about_{info.name}", info.description, language))

    cards = "".join(
        f"<li><div><h3>{escape(info.name)}</h3><p>{about(info)}</p><small>{facts(info)}</small></div>{button(info)}</li>"
        for info in survey.networks
    )
    return f"<ul class='annotator-networks'>{cards}</ul>"


def _fetch(info: NetworkInfo, language: Language) -> str:
    size = megabytes(info.missing_bytes) if info.missing_bytes else "? MB"
    return say("fetch", language, size=size)


def line(message: str = "", *, error: str | None = None, done: int = 0, total: int = 0) -> str:
    """One line of state, with a bar while there is something to count. Everything is escaped: names are users' own."""
    bar = f"<progress value='{done}' max='{total}' aria-label='{escape(message)}'></progress>" if total else ""
    text = f"<span role='status' title='{escape(message)}'>{escape(message)}</span>" if message else ""
    bad = f"<span role='alert' class='bad' title='{escape(error)}'>{escape(error)}</span>" if error else ""
    return f"<div class='annotator-progress'>{bar}{text}{bad}</div>"


def job_line(job: Job, language: Language = "en", *, turns: int = 1) -> str:
    """turns: how many batches the network is shared by."""
    trouble = None
    if job.failures:
        more = say("more_failures", language, n=job.failed - 1) if job.failed > 1 else ""
        trouble = f"{job.failures[0]}{more}"
    if job.error is not None:
        return line(error=job.error)
    if job.running:
        if job.stage == "fetching" and job.fetch is not None:
            return fetch_line(job.fetch, language)
        stage = job.stage if job.stage in {"waiting", "loading"} else "prelabelling"
        said = [say(stage, language, model=job.networks, done=job.done, total=job.total), *_left(job, language)]
        if turns > 1:
            said.append(say("turns", language, n=turns))
        return line(" · ".join([*said, *_skipped(job, language)]), error=trouble, done=job.done, total=job.total)
    ended = "cancelled" if job.remaining else "prelabelled"
    said = [say(ended, language, n=job.done - job.failed, total=job.total)]
    return line(" ".join([*said, *_skipped(job, language)]), error=trouble)


def _left(job: Job, language: Language) -> list[str]:
    """How long it still takes, once that can be said."""
    seconds = job.seconds_left
    if seconds is None:
        return []
    minutes = round(seconds / 60)
    if minutes < 1:
        return [say("left_moments", language)]
    if minutes < 90:
        return [say("left_minutes", language, n=minutes)]
    return [say("left_hours", language, hours=minutes // 60, minutes=minutes % 60)]


def _skipped(job: Job, language: Language) -> list[str]:
    return [say("skipped", language, n=job.skipped)] if job.skipped else []


def fetch_line(fetch: Fetch, language: Language = "en") -> str:
    done, total = fetch.state
    message = say("fetching", language, name=fetch.info.name, done=megabytes(done), total=megabytes(total))
    return line(message, done=done, total=total)
