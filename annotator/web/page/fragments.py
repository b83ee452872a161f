"""Pieces of HTML and of text that the page shows. Every name in them is somebody's own, and so escaped.

Tests: tests/web/test_names.py, tests/web/page/test_texts.py
"""

from __future__ import annotations

from html import escape

from annotator.exchange import leaving
from annotator.exchange.outlook import Outlook
from annotator.vision.networks import zoo
from annotator.vision.networks.zoo import ModelInfo
from annotator.web.fetches import Fetch
from annotator.web.jobs import Job
from annotator.web.page.texts import Language, say


def classes(info: ModelInfo, language: Language = "en") -> str:
    several = len(info.categories)
    return info.categories[0].name if several == 1 else say("classes", language, n=several)


def megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def model_choices(language: Language = "en") -> list[tuple[str, str]]:
    """Label and name of each model: what it detects, and whether it is here or would be fetched."""

    def state(info: ModelInfo) -> str:
        if info.present:
            return say("ready", language)
        return say("fetches_once", language, size=megabytes(info.missing_bytes))

    return [(f"{info.name} · {classes(info, language)} · {state(info)}", info.name) for info in zoo.list_models()]


def fetchable() -> list[tuple[str, str]]:
    return [
        (f"{info.title} ({megabytes(info.missing_bytes)})", info.name) for info in zoo.list_models() if not info.present
    ]


def model_table(language: Language = "en") -> str:
    def state(info: ModelInfo) -> str:
        if info.present:
            return say("here", language)
        return say("to_fetch", language, size=megabytes(info.missing_bytes))

    rows = "".join(
        f"<tr><td><b>{escape(info.name)}</b><br><small>{escape(info.description)}</small></td>"
        f"<td>{escape(classes(info, language))}</td><td class='number'>{info.threshold:.2f}</td>"
        f"<td>{state(info)}</td></tr>"
        for info in zoo.list_models()
    )
    heads = (say(key, language) for key in ("network", "detects", "default_threshold", "state"))
    head = "".join(f"<th>{text}</th>" for text in heads)
    return f"<table class='annotator-table'><tr>{head}</tr>{rows}</table>"


def line(message: str = "", *, error: str | None = None, done: int = 0, total: int = 0) -> str:
    """One line of state, with a bar while there is something to count. Everything is escaped: names are users' own."""
    bar = f"<progress value='{done}' max='{total}'></progress>" if total else ""
    text = f"<span role='status'>{escape(message)}</span>" if message else ""
    bad = f"<span role='alert' class='bad' title='{escape(error)}'>{escape(error)}</span>" if error else ""
    return f"<div class='annotator-progress'>{bar}{text}{bad}</div>"


def job_line(job: Job, language: Language = "en") -> str:
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
        message = say(stage, language, model=job.model, done=job.done, total=job.total)
        return line(message, error=trouble, done=job.done, total=job.total)
    ended = "cancelled" if job.remaining else "prelabelled"
    return line(say(ended, language, n=job.done - job.failed, total=job.total), error=trouble)


def fetch_line(fetch: Fetch, language: Language = "en") -> str:
    done, total = fetch.state
    message = say("fetching", language, name=fetch.info.name, done=megabytes(done), total=megabytes(total))
    return line(message, done=done, total=total)


def export_outlook(seen: Outlook, language: Language = "en") -> str:
    """What an export would hold, and what it would leave out."""
    lines = [say("ahead_pictures", language, n=seen.pictures)]
    if seen.undecided:
        pictures, threshold = seen.undecided_pictures, f"{seen.threshold:.2f}"
        lines.append(say("ahead_undecided", language, n=pictures, undecided=seen.undecided, threshold=threshold))
    if seen.unreviewed:
        lines.append(say("ahead_unreviewed", language, n=seen.unreviewed))
    return f"<ul class='annotator-ahead' role='status'>{''.join(f'<li>{escape(text)}</li>' for text in lines)}</ul>"


def export_report(key: str, written: leaving.Written, language: Language = "en") -> str:
    lines = escape("\n".join(written.lines))
    files = "".join(
        f"<li><a href='annotator/{escape(key)}/exports/{escape(path.name)}?made={escape(stamp.token)}' download>"
        f"{escape(path.name)}</a>"
        f" ({megabytes(stamp.bytes)})</li>"
        for path, stamp in written.files.items()
    )
    title = say("download", language)
    return f"<div class='annotator-report' role='status'><b>{title}</b><ul>{files}</ul><pre>{lines}</pre></div>"
