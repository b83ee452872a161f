"""`annotator people`: who may work on a project and how; what each of them has done."""

from __future__ import annotations

import argparse
import getpass
from typing import TYPE_CHECKING

from annotator.cli.project_actions import add_action
from annotator.cli.values import Verbs

if TYPE_CHECKING:
    from annotator.core.people import Person
    from annotator.storage.store import Store

_ROLES = ("annotate", "review", "manage")


def add_people(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    parser = verbs.add_parser("people", help="who may work on a project where people sign in, and what each did")
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    add_action(actions, "list", "everybody with their role", _list)
    action = add_action(actions, "add", "let somebody in who signs in by this name", _put)
    action.add_argument("name", metavar="NAME")
    action.add_argument("--role", choices=_ROLES, default="annotate", help="what they may do (default: annotate)")
    action = add_action(actions, "role", "another role", _role)
    action.add_argument("name", metavar="NAME")
    action.add_argument("role", choices=_ROLES)
    action = add_action(actions, "remove", "take somebody out; what they did stays", _remove)
    action.add_argument("name", metavar="NAME")
    action = add_action(actions, "figures", "pictures, instances and seconds of each", _figures)
    action.add_argument("--csv", action="store_true", help="as CSV")


def _list(store: Store, _: argparse.Namespace) -> str:
    people = store.people.all()
    wide = max((len(one.role) for one in people), default=0)
    lines = [f"{one.role:<{wide}}  {one.name}{'' if one.login else '  (has not signed in yet)'}" for one in people]
    return "\n".join(lines) or "no people: whoever opens it first where people sign in manages it"


def _put(store: Store, options: argparse.Namespace) -> str:
    from annotator.core.people import Role

    person = store.people.add(options.name, Role(options.role), by=_who())
    return f"{person.name} may {person.role}"


def _role(store: Store, options: argparse.Namespace) -> str:
    from annotator.core.people import Role

    person = _find(store, options.name)
    found = store.people.set_role(person.id, Role(options.role), revision=person.revision)
    return f"{found.name} may {found.role}"


def _remove(store: Store, options: argparse.Namespace) -> str:
    person = _find(store, options.name)
    store.people.remove(person.id, revision=person.revision)
    return f"{person.name} is out of the project"


def _figures(store: Store, options: argparse.Namespace) -> str:
    from annotator.exchange.people_table import people_csv, people_lines

    found = store.people.figures()
    return people_csv(found).rstrip() if options.csv else people_lines(found)


def _find(store: Store, name: str) -> Person:
    from annotator.core.people import PeopleError, folded_person

    found = [one for one in store.people.all() if folded_person(one.name) == folded_person(name)]
    if not found:
        raise PeopleError(f"{name!r:.120}: nobody in the project is called so")
    return found[0]


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"
