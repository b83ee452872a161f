"""The project of the storage tests."""

from tests.storage.conftest import image, store

__all__ = ["image", "store"]
