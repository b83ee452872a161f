"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

from annotator import core

MODULES = [module.name for module in pkgutil.iter_modules(core.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_core_are_true(name):
    assert doctest.testmod(importlib.import_module(f"annotator.core.{name}")).failed == 0


def test_there_are_examples():
    modules = [importlib.import_module(f"annotator.core.{name}") for name in MODULES]
    assert sum(doctest.testmod(module).attempted for module in modules) >= 5
