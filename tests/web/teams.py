"""A project of several people, and a client that signs in whoever a test says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from annotator.core.people import Role
from annotator.web.projects import Projects
from annotator.web.sharing import visitor
from annotator.web.sharing.login import User
from annotator.web.sharing.visitor import Visitor
from tests.web.conftest import client_of


class Whoever:
    """Signs in whoever the test says, by a login that is their name; `called` says what they are called today."""

    has_page = False
    way_out = ""
    name = ""

    def __init__(self) -> None:
        self.called: dict[str, str] = {}

    def user(self, asking: Visitor) -> User | None:
        return User(self.name, self.called.get(self.name, self.name)) if self.name else None


class Team:
    """Called with who asks, a method and a path below the project. mara manages it."""

    def __init__(self, home: Path, people: Mapping[str, Role]) -> None:
        self.login = Whoever()
        self.projects = Projects(home=home, login=self.login)
        self._client = client_of(self.projects)
        self._client.app.add_middleware(visitor.Visitors)
        with visitor.acting_for(Visitor("1.2.3.4")):
            self.login.name = "mara"
            self._key = self.projects.make("Helmets")
            self.store = self.projects.get(self._key)
        for name, role in people.items():
            self.store.people.add(name, role, by="mara")

    def __call__(self, name: str, method: str, path: str, **options: Any) -> Any:
        self.login.name = name
        return self._client.request(method, f"/annotator/{self._key}/{path}", **options)


@contextmanager
def team_of(home: Path, people: Mapping[str, Role]) -> Iterator[Team]:
    team = Team(home, people)
    yield team
    team.projects.close()
