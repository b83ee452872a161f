"""The public address that Gradio lends a server for some days, where somebody asks for it (`--share`)."""

from __future__ import annotations

import secrets
import sys


def open_tunnel(port: int) -> str | None:
    """Open it and say its address; None, with one line, where Gradio's server cannot be reached."""
    from gradio import networking

    try:
        address = networking.setup_tunnel(
            local_host="127.0.0.1",
            local_port=port,
            share_token=secrets.token_urlsafe(32),
            share_server_address=None,
            share_server_tls_certificate=None,
        )
    except Exception as error:  # whatever it is that failed, the server runs without
        reason = " ".join(str(error).split()) or type(error).__name__
        print(f"no public address: {reason[:200]}", file=sys.stderr, flush=True)
        return None
    print(f"Whoever has this address works on the same project: {address}", flush=True)
    return address
