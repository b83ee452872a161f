"""The names that scripts may use."""

import subprocess
import sys

import pytest

import annotator


def test_every_stable_name_is_there():
    for name in annotator.__all__:
        assert getattr(annotator, name) is not None
    assert set(annotator.__all__) <= set(dir(annotator))


def test_an_unknown_name_is_told_as_python_does():
    with pytest.raises(AttributeError, match="module 'annotator' has no attribute 'lode_model'"):
        annotator.lode_model  # noqa: B018


def test_importing_it_loads_nothing():
    code = "import sys, annotator; print(sorted({'numpy', 'gradio', 'openvino', 'cv2'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_every_error_is_one_of_ours():
    errors = [getattr(annotator, name) for name in annotator.__all__ if name.endswith("Error")]
    assert len(errors) == 10
    assert all(issubclass(error, annotator.AnnotatorError) for error in errors)
