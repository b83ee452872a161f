"""Whether a server can be asked, as the page says it."""

import time

from annotator.vision.networks import zoo
from annotator.vision.networks.served.health import Health
from annotator.web.page import fragments
from annotator.web.page.fragments import model_cards, model_choices


def test_the_page_says_whether_a_server_is_ready_without_waiting_or_asking_often(server, remote, monkeypatch):
    monkeypatch.setattr(fragments, "HEALTH", Health())
    assert "✓ on a server, which is ready" in model_cards()
    assert ("remote · person · on a server", "remote") in model_choices()
    server.ready = False
    asked = len(server.asked)
    assert "✓ on a server, which is ready" in model_cards()
    assert len(server.asked) == asked
    monkeypatch.setattr(fragments, "HEALTH", Health())
    began = time.monotonic()
    assert "✗ on a server that does not answer" in model_cards()
    assert time.monotonic() - began < 1.5
    assert Health().ready(zoo.list_models()) == {"remote": False}
