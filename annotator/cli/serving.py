"""`annotator serve`.

Tests: tests/web/test_server.py
"""

from __future__ import annotations

import argparse
import contextlib

from annotator.cli.projects import add_pictures, project, settle_pictures
from annotator.cli.values import Verbs, port


def add_serve(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    serve = verbs.add_parser("serve", help="start the page in a local browser")
    serve.add_argument(
        "--project",
        type=project,
        metavar="DIR",
        help="the project's folder, made when absent, or postgresql://USER@HOST/DATABASE",
    )
    add_pictures(serve)
    serve.add_argument("--host", metavar="H", help="address to listen on (default 127.0.0.1, or GRADIO_SERVER_NAME)")
    serve.add_argument("--port", type=port, metavar="P", help="default 7860, or GRADIO_SERVER_PORT")
    serve.add_argument("--root-path", metavar="PATH", help="path below which a proxy shows it, or GRADIO_ROOT_PATH")
    serve.add_argument(
        "--allowed-hosts", metavar="NAMES", help="names it answers to, with commas, or ANNOTATOR_ALLOWED_HOSTS"
    )
    serve.add_argument(
        "--share", action="store_true", default=None, help="show it to anybody, by Gradio's tunnel, or GRADIO_SHARE"
    )
    serve.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    from annotator.web.hosting import Hosting
    from annotator.web.server import serve

    hosting = Hosting.choose(
        host=options.host,
        port=options.port,
        root_path=options.root_path,
        allowed_hosts=options.allowed_hosts,
        share=options.share,
    )
    if options.project is not None:
        settle_pictures(options.project, options.pictures)
    # Ctrl+C is how it is stopped, and no error.
    with contextlib.suppress(KeyboardInterrupt):
        serve(project=options.project, hosting=hosting)
    return 0
