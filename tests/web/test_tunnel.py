"""A public address, where somebody asks for it."""

import pytest
from gradio import networking

from annotator.web.tunnel import open_tunnel


def test_its_address_is_told_and_it_leads_to_this_server(monkeypatch, capsys):
    asked = []

    def setup(**options):
        asked.append(options)
        return "https://abc.gradio.live"

    monkeypatch.setattr(networking, "setup_tunnel", setup)
    assert open_tunnel(7861) == "https://abc.gradio.live"
    assert "https://abc.gradio.live" in capsys.readouterr().out
    assert (asked[0]["local_host"], asked[0]["local_port"]) == ("127.0.0.1", 7861)
    assert len(asked[0]["share_token"]) >= 32


@pytest.mark.parametrize("error", [RuntimeError("Could not get share link\nfrom Gradio API Server."), OSError()])
def test_without_a_connection_the_server_runs_on_and_says_so_in_one_line(monkeypatch, capsys, error):
    def setup(**_):
        raise error

    monkeypatch.setattr(networking, "setup_tunnel", setup)
    assert open_tunnel(7861) is None
    said = capsys.readouterr().err
    assert said.startswith("no public address: ")
    assert said.count("\n") == 1
