"""Downloads of networks, each in a thread of its own, so that a slow one delays only those who want it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from annotator.core.errors import AnnotatorError, FetchError, ModelError
from annotator.vision.networks import zoo
from annotator.vision.networks.prompts.network import PromptNetwork
from annotator.vision.networks.zoo import NetworkInfo, PromptInfo

Wanted = Callable[[], bool]


class Fetch:
    """One network on its way; read by the page, written by its thread.

    state: bytes done and bytes in all. error: why it ended without the network.
    """

    def __init__(self, info: NetworkInfo) -> None:
        self.info = info
        self.state = (0, info.missing_bytes)
        self.error: AnnotatorError | None = None
        self.ended = threading.Event()
        self.wanted: list[Wanted] = []
        self.then: list[Callable[[Fetch], None]] = []

    def show(self, done: int, total: int) -> None:
        self.state = (done, total)


class Fetches:
    """The fetches under way on a server, at most one for each network."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, Fetch] = {}
        self._stopping = False

    def begin(
        self, info: NetworkInfo, *, wanted: Wanted = lambda: True, then: Callable[[Fetch], None] = lambda fetch: None
    ) -> Fetch:
        """Fetch a network, or wait with those who do. Returns at once.

        wanted: asked again and again; when it is false for everybody, the fetch is cancelled. then: called at the end,
        in the fetch's own thread.
        """
        with self._lock:
            fetch = self._under_way.get(info.name)
            if fetch is None:
                fetch = self._under_way[info.name] = Fetch(info)
                threading.Thread(target=self._run, args=(fetch,), name="fetch", daemon=True).start()
            fetch.wanted.append(wanted)
            fetch.then.append(then)
        return fetch

    def stop(self) -> None:
        """Cancel all of them; what has arrived is resumed by the next server."""
        self._stopping = True

    def _run(self, fetch: Fetch) -> None:
        try:
            zoo.fetch(fetch.info, progress=fetch.show, cancelled=lambda: self._is_given_up(fetch))
            _get_ready(fetch.info)
        except AnnotatorError as error:
            fetch.error = error
        except Exception as error:  # whoever waits must hear of it, whatever it is
            fetch.error = FetchError(f"{fetch.info.name}: {type(error).__name__}: {error}")
        with self._lock:
            self._forget(fetch)
            fetch.ended.set()
        for call in fetch.then:
            call(fetch)

    def _is_given_up(self, fetch: Fetch) -> bool:
        with self._lock:
            if not self._stopping and any(wanted() for wanted in fetch.wanted):
                return False
            self._forget(fetch)  # who asks from now on gets a new one
            return True

    def _forget(self, fetch: Fetch) -> None:
        if self._under_way.get(fetch.info.name) is fetch:
            del self._under_way[fetch.info.name]


def _get_ready(info: NetworkInfo) -> None:
    """Compile a network that answers clicks, which can take minutes: whoever points at an object does not wait for it.

    One that cannot be compiled says so when it is asked.
    """
    if isinstance(info, PromptInfo):
        with contextlib.suppress(ModelError):
            PromptNetwork(info)
