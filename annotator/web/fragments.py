"""Pieces of HTML and of text that the page shows. Every name in them is somebody's own, and so escaped."""

from __future__ import annotations

from html import escape

from annotator import exchange
from annotator.vision import zoo
from annotator.vision.zoo import ModelInfo
from annotator.web.jobs import Job


def classes(info: ModelInfo) -> str:
    return info.categories[0].name if len(info.categories) == 1 else f"{len(info.categories)} classes"


def megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def model_choices() -> list[tuple[str, str]]:
    """Label and name of each model: what it detects, and whether it is here or would be fetched."""
    return [
        (
            f"{info.name} · {classes(info)} · "
            + ("ready" if info.present else f"fetches {megabytes(info.missing_bytes)} once"),
            info.name,
        )
        for info in zoo.list_models()
    ]


def fetchable() -> list[tuple[str, str]]:
    return [
        (f"{info.title} ({megabytes(info.missing_bytes)})", info.name) for info in zoo.list_models() if not info.present
    ]


def model_table() -> str:
    rows = "".join(
        f"<tr><td><b>{escape(info.name)}</b><br><small>{escape(info.description)}</small></td>"
        f"<td>{escape(classes(info))}</td><td class='number'>{info.threshold:.2f}</td>"
        f"<td>{'✓ here' if info.present else f'to fetch, {megabytes(info.missing_bytes)}'}</td></tr>"
        for info in zoo.list_models()
    )
    head = "<tr><th>Network</th><th>Detects</th><th>Default threshold</th><th>State</th></tr>"
    return f"<table class='annotator-table'>{head}{rows}</table>"


def line(message: str = "", *, error: str | None = None, done: int = 0, total: int = 0) -> str:
    """One line of state, with a bar while there is something to count. Everything is escaped: names are users' own."""
    bar = f"<progress value='{done}' max='{total}'></progress>" if total else ""
    text = f"<span role='status'>{escape(message)}</span>" if message else ""
    bad = f"<span role='alert' class='bad' title='{escape(error)}'>{escape(error)}</span>" if error else ""
    return f"<div class='annotator-progress'>{bar}{text}{bad}</div>"


def job_line(job: Job) -> str:
    trouble = None
    if job.failures:
        more = f" (and {job.failed - 1} more)" if job.failed > 1 else ""
        trouble = f"{job.failures[0]}{more}"
    if job.error is not None:
        return line(error=job.error)
    counted = f"{job.done} of {job.total}"
    if job.running:
        if job.stage == "fetching" and job.info is not None:
            return fetch_line(job.info, *job.fetched)
        stage = {"waiting": "Waiting for the network", "loading": f"Loading {job.model}"}.get(job.stage)
        message = f"{stage}…" if stage else f"Pre-labelling {counted}"
        return line(message, error=trouble, done=job.done, total=job.total)
    good = job.done - job.failed
    message = f"Cancelled: {good} of {job.total} pre-labelled." if job.remaining else f"{good} pre-labelled."
    return line(message, error=trouble)


def fetch_line(info: ModelInfo, done: int, total: int) -> str:
    return line(f"Fetching {info.name}: {megabytes(done)} of {megabytes(total)}", done=done, total=total)


def export_report(key: str, written: exchange.Written) -> str:
    lines = escape("\n".join(written.lines))
    files = "".join(
        f"<li><a href='annotator/{escape(key)}/exports/{escape(path.name)}' download>{escape(path.name)}</a>"
        f" ({megabytes(path.stat().st_size)})</li>"
        for path in written.files
    )
    return f"<div class='annotator-report' role='status'><b>Download</b><ul>{files}</ul><pre>{lines}</pre></div>"
