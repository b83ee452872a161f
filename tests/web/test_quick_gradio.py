"""Gradio is imported without the stubs that it makes for people who write components."""

import inspect

import gradio as gr
import pytest
from gradio import component_meta

from annotator.web.quick_gradio import without_stubs


def test_a_component_gets_its_events_and_no_stub(monkeypatch):
    rendered = []
    monkeypatch.setattr(component_meta, "create_pyi", lambda code, events: rendered.append(code) or "")
    with without_stubs():

        class Quick(gr.HTML):
            """Defined while no stub is wanted."""

    assert rendered == []
    assert callable(Quick("").click)


def test_everybody_else_finds_source_files_all_the_same():
    before = inspect.getfile
    with without_stubs():
        assert inspect.getfile(gr.HTML).endswith("html.py")
    assert inspect.getfile is before


def test_a_failure_on_the_way_leaves_nothing_behind():
    before = inspect.getfile
    with pytest.raises(ImportError), without_stubs():
        raise ImportError
    assert inspect.getfile is before
