"""A small proxy that does to a request what Traefik does: TLS in front, the name passed on, X-Forwarded headers, and a
path that is left on, or taken off and told.

Source: Traefik's reference, forwarded headers and the middleware StripPrefix.
"""

import http.client
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_OF_THE_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "content-length")


class Forwarding:
    """Listens while the block lasts; what is not below `path` gets 404."""

    def __init__(self, certificate, *, upstream, path, strips):
        """certificate: a folder of chain.pem and key.pem. upstream: a port of this computer."""

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                if not self.path.startswith(path):
                    return self.send_error(404)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = dict(self.headers.items()) | {
                    "X-Forwarded-For": "203.0.113.7",
                    "X-Forwarded-Host": self.headers["Host"],
                    "X-Forwarded-Port": str(self.server.server_port),
                    "X-Forwarded-Proto": "https",
                    "X-Forwarded-Server": "traefik",
                    "X-Real-Ip": "203.0.113.7",
                }
                asked = self.path
                if strips:
                    asked = "/" + self.path.removeprefix(path).lstrip("/")
                    headers["X-Forwarded-Prefix"] = path
                connection = http.client.HTTPConnection("127.0.0.1", upstream, timeout=120)
                connection.request(self.command, asked, body or None, headers)
                self.pass_on(connection.getresponse())
                connection.close()

            def pass_on(self, answer):
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _OF_THE_CONNECTION:
                        self.send_header(name, value)
                if self.command == "HEAD" or answer.status in (204, 304):
                    return self.end_headers()
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                while piece := answer.read1(65536):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

            do_GET = do_HEAD = do_POST = do_DELETE = do_PATCH = do_PUT = forward

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "chain.pem", certificate / "key.pem")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_port

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
