"""A PostgreSQL server of one's own, for as long as a test needs it: in a temporary folder, on loopback, by an
unprivileged user. Nothing of it survives a power cut.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

USER, PASSWORD = "annotator", "a p@ss/word"


def programs():
    """The folder of `initdb` and `pg_ctl`, None where PostgreSQL is not installed. Debian keeps them out of PATH."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), default=None)


class Server:
    """Starts at once; `stop` and `start` again as often as wanted."""

    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="annotator-postgres-"))
        self._data = self._folder / "data"
        self._run_as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._run_as:
            shutil.chown(self._folder, "postgres", "postgres")
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        options = ["-N", "--no-instructions", "--no-locale", "-E", "UTF8", "-U", USER, "--pwfile", str(secret)]
        self._run("initdb", "-D", str(self._data), "-A", "scram-sha-256", *options)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self):
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": 200,
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, how="fast"):
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", how, "stop")

    def close(self):
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def address(self, *, database="postgres", user=USER, password="a%20p%40ss%2Fword", **query):
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}{'?' if asked else ''}{asked}"

    def _run(self, program, *arguments):
        command = [*self._run_as, str(programs() / program), *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")
