"""`annotator serve` as a process of its own, for tests that need a real one."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from tests.machine import free_port


class Served:
    """`annotator serve` as a process of its own."""

    def __init__(self, project, home, **environment):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "annotator", "serve", "--port", str(self.port)]
            + (["--project", str(project)] if project else []),
            env=os.environ | {"ANNOTATOR_HOME": str(home)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said = self.process.stdout.readline()
        self.started_in = time.monotonic() - began

    def get(self, path="/", **headers):
        request = urllib.request.Request(self.address + path, headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode(), answer.headers

    def call(self, path, body=None, *, method=None, patience=60):
        """Status and JSON of one request; a body that is no bytes is sent as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=patience) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=20)
