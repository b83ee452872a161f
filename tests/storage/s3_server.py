"""A server that speaks S3's protocol, on loopback: moto's, with what a test wants to go wrong in front of it."""

import threading
import time

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


class S3:
    """asked: the method, path and query of each request. late: seconds by which it answers.

    broken: the methods that get status 503.
    """

    def __init__(self):
        from moto.server import DomainDispatcherApplication, create_backend_app

        self._app = DomainDispatcherApplication(create_backend_app)
        self.asked, self.late, self.broken = [], 0.0, frozenset()
        self.port, self._server = 0, None
        self.start()

    @property
    def environment(self):
        return KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}"}

    def start(self):
        from werkzeug.serving import make_server

        self._server = make_server("127.0.0.1", self.port, self._answer, threaded=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        """Nobody answers there any more, until it starts again with all that it has."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ, start_response):
        self.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]))
        time.sleep(self.late)
        if environ["REQUEST_METHOD"] in self.broken:
            start_response("503 Slow Down", [("Content-Length", "0")])
            return []
        return self._app(environ, start_response)
