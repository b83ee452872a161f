"""Nothing calls home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# Every name that is looked up and every connection that is made is written down; a forked process inherits the hook.
WATCH = """
import os, sys
def watch(event, args):
    if event in ("socket.getaddrinfo", "socket.connect"):
        os.write(2, f"{event} {args}".encode())
sys.addaudithook(watch)
"""


def test_loading_the_networks_software_asks_nobody(tmp_path: Path) -> None:
    program = WATCH + (
        "from annotator.vision.networks import own_model, detector, quantize\n"
        "import openvino\n"
        "openvino.save_model(openvino.Model([], []), 'empty.xml')\n"
    )
    root = Path(__file__).resolve().parents[3]
    # Its own switch for builds of software must not be what keeps it silent here.
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "TF_BUILD", "JENKINS_URL")}
    environment |= {"PYTHONPATH": str(root), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "socket." not in done.stderr
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "intel").exists()
