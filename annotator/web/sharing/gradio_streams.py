"""Gradio's streams, over which a page hears of its events, stay open for a moment after the last one.

Gradio closes a stream as soon as an event ends and no other is pending. A page that asks for the next event before it
has heard of that opens no other stream, and waits for ever: this happens where one event follows another, as on a page
that opens, and where somebody presses a button just then.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from gradio.server_messages import ProcessCompletedMessage

LINGER_S = 2.0
"""How long a stream stays open with nothing pending."""

_NONE: Final = "none"
"""The id of no event: pending, it keeps a stream open; completed, it lets it close."""


def let_streams_linger(queue: Any) -> None:
    """queue: gradio.queueing.Queue; it keeps the ids of pending events in a dictionary of sets, by session."""
    queue.pending_event_ids_session = _Sessions(queue.pending_messages_per_session)


class _Sessions(dict[str, set[str]]):
    def __init__(self, messages: Any) -> None:
        super().__init__()
        self.messages = messages

    def __setitem__(self, session: str, ids: set[str]) -> None:
        super().__setitem__(session, ids if isinstance(ids, _Pending) else _Pending(self, session, ids))


class _Pending(set[str]):
    """The ids of a session's events under way, and for a while after the last one the id of none."""

    def __init__(self, sessions: _Sessions, session: str, ids: set[str]) -> None:
        super().__init__(ids)
        self._sessions, self._session = sessions, session
        self._ending: asyncio.TimerHandle | None = None

    def remove(self, id: str) -> None:
        super().remove(id)
        if id == _NONE or self - {_NONE}:
            return
        self.add(_NONE)
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(LINGER_S, self._end)

    def _end(self) -> None:
        """Let the stream close, unless another event is pending by now: then its end does."""
        messages = self._sessions.messages.get(self._session)
        if self - {_NONE} or messages is None:
            self.discard(_NONE)
            return
        messages.put_nowait(ProcessCompletedMessage(event_id=_NONE, output={}, success=True))
        self._ending = asyncio.get_running_loop().call_later(LINGER_S, self._forget)

    def _forget(self) -> None:
        """Nobody listens any more, so that nobody has taken the message."""
        if self == {_NONE} and self._sessions.get(self._session) is self:
            del self._sessions[self._session]
