"""Answers that the guards before the routes give themselves: a status and one line.

Tests: tests/web/sharing/test_guard.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.types import Send


async def answer(send: Send, status: int, line: str, *, headers: Mapping[str, str] | None = None) -> None:
    """Answer with `{"error": line}`; `headers` come beside its type and length."""
    body = json.dumps({"error": line}).encode()
    named = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
