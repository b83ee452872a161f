"""Decisions about many instances at work: at most one of a project at a time, in a thread of its own.

Tests: tests/web/routes/test_bulk.py
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from annotator.core.errors import AnnotatorError
from annotator.storage.bulk import Bulk, Preview
from annotator.storage.bulk_masks import Ask
from annotator.storage.bulk_orders import Order, Targets, Verb
from annotator.storage.bulk_report import Report
from annotator.storage.store import Store
from annotator.storage.unseen import Batch
from annotator.system.latest import Latest
from annotator.web.box_masks import asking, network_for
from annotator.web.projects import Projects
from annotator.web.prompter import Prompter
from annotator.web.runs import Runs

MAX_PREVIEWS = 8
"""Previews whose targets are known still, of all projects."""

DECISION_BYTES = 500
"""What a decision without a drawn mask adds to a database, about."""

REPAIR_BYTES = 4_000
"""What one with a mask adds, about: the instance and the history have it, and so has the undo."""

MASK_BYTES = 20_000
"""What one adds whose mask a network finds: its heatmap is kept too."""


@dataclass
class Run:
    """One order, or the undo of one. bulk_id: once it is known. `error` is the line that it ended with.

    verb: of an order.
    """

    undoes: bool
    total: int
    verb: Verb | None = None
    report: Report = field(default_factory=lambda: Report(0))
    bulk_id: int | None = None
    running: bool = True
    cancelled: bool = False
    error: str | None = None

    @property
    def is_over(self) -> bool:
        return not self.running


class BulkWork:
    """Carries orders out and takes them back. Safe to use from several threads."""

    def __init__(self, projects: Projects, prompter: Prompter) -> None:
        self._projects = projects
        self._prompter = prompter
        self._runs: Runs[Run] = Runs("a decision about many instances")
        self._previewed: Latest[tuple[str, Order, int], Targets] = Latest(MAX_PREVIEWS)
        self._lock = threading.Lock()

    def status(self, key: str) -> Run | None:
        """The project's latest run, at work or ended since the server started."""
        return self._runs.latest(key)

    def preview(self, key: str, order: Order) -> Preview:
        """What the order would do now; `start` does it to these. Raises GestureError as the store does."""
        with self._projects.use(key) as store:
            found = store.bulk.preview(order)
        with self._lock:
            self._previewed.put((key, order, found.as_of), found.targets)
        return found

    def start(self, key: str, order: Order, *, as_of: int, who: str) -> Run:
        """Begin to carry an order out, on what its preview found where that is known still.

        Raises GestureError while another runs, or for an order that cannot be carried out, LimitError where there is no
        room, ModelError where a network that is to be asked is not here.
        """
        with self._lock:
            known = self._previewed.peek((key, order, as_of))
        with self._projects.use(key) as store:
            found = store.bulk.targets(order) if known is None else known
            self._projects.require_quota(key, store, len(found) * _bytes_of(order))
        if order.verb is Verb.MASKS:
            order = replace(order, network=network_for(order.network))

        def work(store: Store, run: Run) -> None:
            run.bulk_id, run.report = store.bulk.carry_out(
                order, as_of=as_of, who=who, found=found, told=_told(run), ask=self._ask(store, order.network)
            )

        return self._begin(key, Run(undoes=False, total=len(found), verb=order.verb), work)

    def accept_unseen(self, key: str, batch: Batch, *, who: str) -> Run:
        """Begin to accept a batch but for its sample. Raises as `start` does."""
        with self._projects.use(key) as store:
            self._projects.require_quota(key, store, len(batch.found) * DECISION_BYTES)

        def work(store: Store, run: Run) -> None:
            run.bulk_id, run.report = store.unseen.carry_out(batch, who=who, told=_told(run))

        return self._begin(key, Run(undoes=False, total=len(batch.found), verb=Verb.ACCEPT), work)

    def go_on(self, key: str, last: Bulk, *, who: str) -> Run:
        """Begin with the rest of one that broke off. Raises as `start` does."""

        def work(store: Store, run: Run) -> None:
            ask = self._ask(store, store.bulk.network_of(last.id))
            run.report = store.bulk.go_on(last.id, who=who, told=_told(run), ask=ask)

        return self._begin(key, Run(undoes=False, total=last.total, verb=last.verb, bulk_id=last.id), work)

    def undo(self, key: str, bulk_id: int, *, total: int, who: str) -> Run:
        """Begin to take one back. Raises as `start` does."""

        def work(store: Store, run: Run) -> None:
            run.report = store.bulk.undo(bulk_id, who=who, told=_told(run))

        return self._begin(key, Run(undoes=True, total=total, bulk_id=bulk_id), work)

    def cancel(self, key: str) -> None:
        """Stop after the stretch under way; what is done can be taken back."""
        run = self._runs.latest(key)
        if run is not None:
            run.cancelled = True

    def _ask(self, store: Store, network: str | None) -> Ask | None:
        return None if network is None else asking(self._prompter, store, model=network)

    def _begin(self, key: str, run: Run, work: Callable[[Store, Run], None]) -> Run:
        self._runs.begin(key, run)
        threading.Thread(target=self._work, args=(key, run, work), name="bulk", daemon=True).start()
        return run

    def _work(self, key: str, run: Run, work: Callable[[Store, Run], None]) -> None:
        try:
            with self._projects.use(key) as store:
                work(store, run)
        except AnnotatorError as error:
            run.error = self._projects.plain(str(error))
        except BaseException:
            run.error = "it ended unexpectedly: what was done can be taken back"
            raise
        finally:
            run.running = False


def _bytes_of(order: Order) -> int:
    """What each decision of an order adds to a database, about."""
    if order.verb is Verb.MASKS:
        return MASK_BYTES
    return DECISION_BYTES if order.repair is None else REPAIR_BYTES


def _told(run: Run) -> Callable[[Report], bool]:
    def told(report: Report) -> bool:
        run.report = report
        return not run.cancelled

    return told
