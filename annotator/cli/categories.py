"""`annotator categories`: list, rename, merge, remove and import the categories of a project; undo that and redo it."""

from __future__ import annotations

import argparse
import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING

from annotator.cli.project_actions import add_action
from annotator.cli.values import Verbs, score
from annotator.core.errors import CategoryError
from annotator.core.words import counted

if TYPE_CHECKING:
    from annotator.storage.category_changes import CategoryChange
    from annotator.storage.store import Store


def add_categories(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    parser = verbs.add_parser("categories", help="list, rename, merge, remove or import a project's categories")
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    action = add_action(actions, "list", "every category with its id and how many instances it has", _list)
    action.add_argument("--json", action="store_true", help="as JSON")
    action = add_action(actions, "rename", "another name; the id stays", _rename)
    action.add_argument("category", metavar="CATEGORY", help="its name or its id")
    action.add_argument("name", metavar="NAME")
    action = add_action(
        actions, "merge", "make the instances of one category those of another, which keeps its id", _merge
    )
    action.add_argument("category", metavar="CATEGORY", help="its name or its id")
    action.add_argument("into", metavar="INTO", help="the name or the id of the other one")
    action = add_action(actions, "remove", "remove a category and all of its instances", _remove)
    action.add_argument("category", metavar="CATEGORY", help="its name or its id")
    action = add_action(actions, "threshold", "the lowest score of its suggestions that are shown", _threshold)
    action.add_argument("category", metavar="CATEGORY", help="its name or its id")
    action.add_argument("score", nargs="?", type=score, metavar="T", help="0 to 1 (default: the general threshold)")
    action = add_action(actions, "import", "add the categories of a list, or of a COCO file", _import)
    action.add_argument("file", type=Path, metavar="FILE", help="a name a line: [ID,] NAME [, SUPERCATEGORY]; or JSON")
    add_action(actions, "undo", "take back the last change", _undo)
    add_action(actions, "redo", "make the change again that was taken back last", _redo)


def _list(store: Store, options: argparse.Namespace) -> str:
    from annotator.core.categories import in_order
    from annotator.storage.category_instances import Uses

    uses = store.category_manager.uses()
    rows = [(one, uses.get(one.id, Uses())) for one in in_order(store.categories())]
    if options.json:
        found = [
            {
                "id": one.id,
                "name": one.name,
                "supercategory": one.supercategory,
                "threshold": one.threshold,
                "accepted": held.accepted,
                "suggested": held.suggested,
            }
            for one, held in rows
        ]
        return json.dumps(found, indent=2)
    lines = [
        f"{one.id:>6}  {one.name}  ({counted(held.accepted, 'instance')}, {counted(held.suggested, 'suggestion')})"
        + ("" if one.threshold is None else f", threshold {one.threshold:g}")
        for one, held in rows
    ]
    return "\n".join(lines) or "no categories"


def _rename(store: Store, options: argparse.Namespace) -> str:
    id = _id_of(store, options.category)
    store.category_manager.rename(id, options.name, who=_who())
    return f"category {id} is {options.name.strip()!r}"


def _merge(store: Store, options: argparse.Namespace) -> str:
    id, into = _id_of(store, options.category), _id_of(store, options.into)
    store.category_manager.merge(id, into=into, who=_who())
    return f"category {id} is merged into category {into}"


def _remove(store: Store, options: argparse.Namespace) -> str:
    id = _id_of(store, options.category)
    held = store.category_manager.uses().get(id)
    store.category_manager.remove(id, who=_who())
    gone = "" if held is None else f" with {counted(held.accepted + held.suggested, 'instance')}"
    return f"category {id} is removed{gone}; annotator categories undo brings it back"


def _threshold(store: Store, options: argparse.Namespace) -> str:
    id = _id_of(store, options.category)
    store.category_manager.set_threshold(id, options.score, who=_who())
    return f"category {id}: {'the general threshold' if options.score is None else f'threshold {options.score:g}'}"


def _import(store: Store, options: argparse.Namespace) -> str:
    from annotator.exchange.category_list import read_categories

    wanted = read_categories(options.file.read_text(encoding="utf-8", errors="replace"))
    added = store.category_manager.add(wanted, who=_who())
    return "\n".join((f"{counted(len(added.categories), 'category', 'categories')} added", *added.notes))


def _undo(store: Store, options: argparse.Namespace) -> str:
    change = store.category_manager.last()
    if change is None:
        raise CategoryError("categories: there is nothing to undo")
    store.category_manager.undo(change.id, who=_who())
    return f"undone: {_what(change)}"


def _redo(store: Store, options: argparse.Namespace) -> str:
    change = store.category_manager.last_undone()
    if change is None:
        raise CategoryError("categories: there is nothing to redo")
    store.category_manager.redo(change.id, who=_who())
    return f"done again: {_what(change)}"


def _what(change: CategoryChange) -> str:
    return f"{change.verb} {', '.join(map(repr, change.names))}".rstrip()


def _id_of(store: Store, text: str) -> int:
    """The id of the category that a name or an id names; a name goes first. Raises CategoryError."""
    there = store.categories()
    found = [one.id for one in there if one.name == text] or [one.id for one in there if str(one.id) == text]
    if len(found) != 1:
        raise CategoryError(
            f"category {text!r:.80}: {counted(len(found), 'category', 'categories')} of it in the project"
        )
    return found[0]


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"
