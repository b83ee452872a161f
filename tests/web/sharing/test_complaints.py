"""The log says what failed, and is not filled by whoever makes it fail."""

import logging

from annotator.web.sharing import complaints as complaints_module
from annotator.web.sharing.complaints import Complaints


def fail(complaints, what, error=ValueError):
    try:
        raise error("x" * 100_000)
    except error:
        complaints.tell(what)


def test_the_same_failure_is_told_once_and_then_counted(caplog, monkeypatch):
    complaints = Complaints()
    with caplog.at_level(logging.ERROR):
        for number in range(500):
            fail(complaints, f"GET /{number}")
        assert len(caplog.records) == 1
        assert "GET /0 failed" in caplog.text
        assert "in fail" in caplog.text
        assert len(caplog.text) < 10_000
        monkeypatch.setattr(complaints_module, "EVERY_S", 0.0)
        fail(complaints, "GET /late")
    assert len(caplog.records) == 2
    assert "499 failures more" in caplog.records[1].getMessage()
