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


def test_a_librarys_line_about_each_odd_request_is_logged_once_and_then_counted(caplog, monkeypatch):
    log = logging.getLogger("a library that complains")
    monkeypatch.setattr(complaints_module, "_COMPLAINING", (log.name,))
    for _ in range(2):  # a second server in this process
        complaints_module.quieten_libraries()

    def odd_request(number):
        log.warning("Invalid request %d", number)

    for number in range(500):
        odd_request(number)
    log.warning("something else")
    monkeypatch.setattr(complaints_module, "EVERY_S", 0.0)
    odd_request(500)
    odd_request(501)
    assert [record.getMessage() for record in caplog.records] == [
        "Invalid request 0",
        "something else (and 499 failures more that were not told)",
        "Invalid request 500",
        "Invalid request 501",
    ]
