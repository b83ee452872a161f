"""Networks for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vision import graphs


@pytest.fixture(scope="session")
def constant_network() -> Callable[..., Path]:
    """See graphs.constant_network: (folder, *, boxes, labels, masks, input_size) -> path of an IR."""
    return graphs.constant_network


@pytest.fixture(scope="session")
def person_0007_ir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """model.xml of person-0007's topology with random weights, or of its stand-in; its model.bin beside it."""
    return graphs.person_0007(tmp_path_factory.mktemp("person-0007"))


@pytest.fixture(scope="session")
def security_1040_ir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """model.xml of security-1040's topology with random weights, or of its stand-in; its model.bin beside it."""
    return graphs.security_1040(tmp_path_factory.mktemp("security-1040"))
