"""The storage tests on PostgreSQL: where a test makes a project, it gets a schema of one server that all tests share.

A schema that a test has used is emptied for the next one: making its tables takes longer than a test.
"""

import itertools
from contextlib import contextmanager

import pytest
from sqlalchemy import NullPool, create_engine, text

from annotator.storage import schema
from annotator.storage.dialects.translation import DRIVER
from annotator.storage.locations import is_project, location_of, write_location
from annotator.storage.store import Store
from tests.storage.postgres_server import PASSWORD

ON_SQLITE = frozenset(
    {
        *("test_database", "test_full_disk", "test_kill_points", "test_plans", "test_project_folders", "test_schema"),
        # of archives, which hold SQLite's file; test_postgresql packs one
        *("test_archive", "test_vetting", "test_vetting_categories", "test_vetting_child"),
        *("test_contents", "test_locations", "test_model", "test_parts", "test_write_lock"),  # nothing of a database
    }
)
"""The files of tests about SQLite itself, or about none; all others run on both databases."""

_EMPTY = f"TRUNCATE {', '.join(name for name in schema.metadata.tables if name != 'migrations')} RESTART IDENTITY"


class Schemas:
    """Of one server, handed out one after the other."""

    def __init__(self, server):
        self.server = server
        self._free = []
        self._numbers = itertools.count(1)
        url = server.address().replace("postgresql:", f"{DRIVER}:")
        self.engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def fresh_name(self):
        return f"test_{next(self._numbers)}"

    def address(self, name):
        return self.server.address(schema=name)

    @contextmanager
    def instead_of_files(self, monkeypatch):
        """`Store.open` makes new projects on the server for the length of the block."""
        taken = []
        monkeypatch.setenv("PGPASSWORD", PASSWORD)  # for processes that tests start
        open_folder = Store.open.__func__

        def open_there(cls, folder, **options):
            if not is_project(folder) and not folder.name.startswith(".new-"):  # on its way in from an archive
                taken.append(self._free.pop() if self._free else self.fresh_name())
                write_location(folder, location_of(self.address(taken[-1])))
            return open_folder(cls, folder, **options)

        monkeypatch.setattr(Store, "open", classmethod(open_there))
        yield
        with self.engine.connect() as connection:
            for name in taken:
                connection.execute(text(f"SET search_path = {name}"))
                connection.execute(text(_EMPTY))
        self._free += taken


@pytest.fixture(scope="session")
def schemas():
    from tests.storage.postgres_server import Server, programs

    pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    server = Server()
    found = Schemas(server)
    yield found
    found.engine.dispose()
    server.close()
