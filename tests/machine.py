"""What a test may ask of the machine it runs on."""

import os
import shutil
import socket
from pathlib import Path

CHROMIUM = os.environ.get("ANNOTATOR_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
"""Path of a Chromium, by the variable ANNOTATOR_CHROMIUM or on the PATH; None without one."""

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
"""Path of Debian's nginx; None without it."""

CADDY = shutil.which("caddy")
"""Path of Debian's caddy; None without it."""

_ROOT = Path(__file__).resolve().parents[1]

DATA = os.environ.get("ANNOTATOR_TEST_DATA") or (str(_ROOT) if (_ROOT / "data" / "eval").is_dir() else None)
"""The folder with `data/eval`, by the variable ANNOTATOR_TEST_DATA or this clone; None where it was not made."""

NO_DATA = "data/eval is not here: models/make_sets.py makes it, or ANNOTATOR_TEST_DATA names the folder that has it"


def free_port():
    """A port of this computer that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
