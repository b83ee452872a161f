"""A name that a stranger can point at this computer is not answered."""

import pytest

from annotator.core.errors import AnnotatorError
from annotator.web.sharing.hosts import Authority, Hosts, Reach

LOOPBACK = (
    "localhost",
    "LOCALHOST:7860",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.1.2.3",
    "[::1]",
    "[::1]:7860",
    "a.localhost:1",
)
PRIVATE = (
    "192.168.1.5:7860",
    "[fe80::1]:7860",
    "8.8.8.8",
    "nas",
    "nas:7860",
    "studio.local",
    "pc.fritz.home.arpa",
    "x.lan.",
)
STRANGE = (
    "evil.test",
    "evil.test:7860",
    "localhost.evil.test",
    "127.0.0.1.evil.test",
    "locallocal",
    "",
    " ",
    "a b",
    "[::1",
    "a:b",
    "a:1:2",
    "x.local.evil.test",
)
STRANGE_NAMES = tuple(name for name in STRANGE if name != "locallocal")


def test_a_server_for_this_computer_answers_to_its_names_only():
    hosts = Hosts(Reach.HERE)
    assert [name for name in LOOPBACK if not hosts.answers(name)] == []
    assert [name for name in (*PRIVATE, *STRANGE) if hosts.answers(name)] == []


def test_a_server_for_a_network_answers_to_names_that_nobody_can_register():
    hosts = Hosts(Reach.NETWORK)
    assert [name for name in (*LOOPBACK, *PRIVATE) if not hosts.answers(name)] == []
    assert [name for name in STRANGE_NAMES if hosts.answers(name)] == []


def test_a_server_with_projects_behind_keys_answers_to_every_name():
    assert Hosts(Reach.EVERYWHERE).answers("someone-annotator.hf.space")


@pytest.mark.parametrize("reach", [Reach.HERE, Reach.NETWORK])
def test_names_that_are_allowed_are_answered(reach):
    hosts = Hosts(reach, ("annotate.example.org", "*.lab.example.org", "other.example.org:8443"))
    answered = (
        "annotate.example.org",
        "Annotate.Example.org:443",
        "annotate.example.org.",
        "a.lab.example.org",
        "other.example.org:8443",
    )
    assert [name for name in answered if not hosts.answers(name)] == []
    for name in (
        "example.org",
        "x.annotate.example.org",
        "lab.example.org",
        "other.example.org",
        "other.example.org:1",
    ):
        assert not hosts.answers(name)
    assert hosts.answers("localhost")


def test_a_star_answers_every_name_and_makes_nobodys_page_its_own():
    hosts = Hosts(Reach.HERE, ("*",))
    assert hosts.answers("evil.test")
    assert not hosts.owns("http", Authority("evil.test"))
    assert not hosts.is_named("evil.test")


@pytest.mark.parametrize("name", ["http://annotate.example.org", "a/b", "*.", "a b"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(AnnotatorError, match="allowed hosts"):
        Hosts(Reach.HERE, (name,))
