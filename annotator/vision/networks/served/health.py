"""Whether served networks can be asked right now, for whoever chooses among networks.

Tests: tests/vision/networks/served/test_health.py
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from annotator.core.errors import ModelError
from annotator.vision.networks.model_info import ModelInfo, Server
from annotator.vision.networks.served import client

ANSWER_S = 1.0
"""What a server may take to say that it is ready: somebody waits for a page."""

KNOWN_S = 15.0
"""How long what it said counts: however many pages are opened, it is asked as often as this."""

AT_ONCE = 8


class Health:
    """What the servers last said."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[Server, tuple[float, bool]] = {}

    def ready(self, infos: Iterable[ModelInfo]) -> dict[str, bool]:
        """By the name of each served network: whether its server and its model are ready. Others are left out."""
        served = {info.name: info.server for info in infos if info.server is not None}
        if not served:
            return {}
        with self._lock, ThreadPoolExecutor(AT_ONCE, thread_name_prefix="health") as pool:
            return dict(zip(served, pool.map(self._is_ready, served.values()), strict=True))

    def _is_ready(self, server: Server) -> bool:
        asked, found = self._said.get(server, (-KNOWN_S, False))
        if time.monotonic() - asked >= KNOWN_S:
            found = _answers(server)
            self._said[server] = (time.monotonic(), found)
        return found


def _answers(server: Server) -> bool:
    asking = client.Client(replace(server, timeout_s=ANSWER_S), who=server.model)
    asking.close()  # a page waits for nobody who is gone
    try:
        asking.require_ready()
    except ModelError:
        return False
    return True


HEALTH = Health()
"""Of this process."""
