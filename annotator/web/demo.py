"""The page as Gradio's own programs look for it: `demo`, which is launched.

Tests: tests/web/test_gradio_conventions.py
"""

from __future__ import annotations

from pathlib import Path


class Demo:
    """The whole server behind Gradio's usual name. Nothing is loaded before it is launched."""

    def launch(
        self,
        *,
        server_name: str | None = None,
        server_port: int | None = None,
        root_path: str | None = None,
        share: bool | None = None,
        project: str | Path | None = None,
    ) -> None:
        """Serve until interrupted. What is None is as the variables GRADIO_SERVER_NAME, GRADIO_SERVER_PORT,
        GRADIO_ROOT_PATH and GRADIO_SHARE say.

        project: the folder of the one that the page begins with. Raises AnnotatorError in one line.
        """
        from annotator.web.hosting import Hosting
        from annotator.web.server import serve

        hosting = Hosting.choose(host=server_name, port=server_port, root_path=root_path, share=share)
        serve(project=None if project is None else Path(project), hosting=hosting)
