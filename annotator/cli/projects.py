"""`annotator projects`, and the project that another verb works on."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from annotator.cli.telling import progress_bar, say
from annotator.cli.values import Verbs
from annotator.core.errors import AnnotatorError
from annotator.system import paths

if TYPE_CHECKING:
    from annotator.storage.project_folders import Found


def require_project(folder: Path) -> None:
    from annotator.storage.locations import is_project, read_location
    from annotator.storage.summaries import summarize

    if not is_project(folder):
        raise AnnotatorError(f"{folder}: no project there, expected a folder with project.db")
    if read_location(folder) is not None:
        summarize(folder)  # which raises where there is none


def project(text: str) -> Path:
    """A project's folder; where there is none of this name, the project of the page that is called so.

    text: may be the address of a database; the folder is the one that names it.
    """
    from annotator.core.project import ProjectNameError
    from annotator.storage.locations import is_address
    from annotator.storage.project_folders import folder_of_address, named

    if is_address(text):
        return folder_of_address(text, paths.projects())
    folder = Path(text)
    if folder.exists() or folder.name != text:
        return folder
    try:
        return named(text, paths.projects()) or folder
    except ProjectNameError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_pictures(parser: argparse.ArgumentParser) -> None:
    """The option of verbs that may make a project."""
    help = "the store for the pictures of a new project: s3://BUCKET/FOLDER, file:///FOLDER; else its own folder"
    parser.add_argument("--pictures", metavar="URL", help=help)


def settle_pictures(folder: Path, address: str | None) -> None:
    """Begin the project with its pictures in the store at this address, if one is given.

    Raises AnnotatorError where the project has them elsewhere, or needs one: other machines do not see this one's.
    """
    from annotator.storage.locations import read_location
    from annotator.storage.store import Store

    if address is not None:
        Store.open(folder, pictures=address).close()
        return
    location = read_location(folder)
    if location is None:
        return
    from annotator.storage.server_summaries import is_begun

    if not is_begun(location):
        known = "--pictures s3://BUCKET/FOLDER, or file:///FOLDER where all machines see one"
        raise AnnotatorError(f"{location.place}: a new project on a server needs a store for its pictures: {known}")


def add_projects(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    projects = verbs.add_parser(
        "projects", help="list, make, rename, duplicate, move, delete or restore the page's projects"
    )
    actions = projects.add_subparsers(title="actions", required=True, metavar="ACTION")
    action = actions.add_parser("list", help="what there is, with counts")
    action.add_argument("--json", action="store_true", help="as JSON")
    action.set_defaults(run=_list)
    for name, run, arguments, help in (
        ("new", _new, ["name"], "make an empty project"),
        ("rename", _rename, ["name", "new"], "call a project otherwise; its folder stays"),
        ("duplicate", _duplicate, ["name", "new"], "pictures and suggestions again, without decisions"),
        ("delete", _delete, ["name"], "put a project into the bin"),
        ("restore", _restore, ["name"], "take a project out of the bin"),
    ):
        action = actions.add_parser(name, help=help)
        for argument in arguments:
            action.add_argument(argument, metavar=argument.upper())
        action.set_defaults(run=run)
    action = actions.add_parser("move", help="put a project onto a PostgreSQL server, or back into its folder")
    action.add_argument("name", metavar="NAME", help="also its folder, or postgresql://USER@HOST/DATABASE")
    action.add_argument("--to", metavar="ADDRESS", help="postgresql://USER@HOST/DATABASE; without it, its own folder")
    add_pictures(action)
    action.set_defaults(run=_move)


def _all() -> list[Found]:
    from annotator.storage.project_folders import folders_in, look

    return [look(folder) for folder in folders_in(paths.projects())]


def _names() -> list[str]:
    return [one.name for one in _all() if one.summary is None or one.summary.binned is None]


def _folder(name: str) -> Path:
    from annotator.storage.locations import is_project
    from annotator.storage.project_folders import named

    folder = named(name, paths.projects()) or Path(name)
    if not is_project(folder):
        raise AnnotatorError(f"{name}: no project is called so; `annotator projects list` says which there are")
    return folder


def _list(options: argparse.Namespace) -> int:
    found = _all()
    if options.json:
        rows = [
            {"name": one.name, "folder": str(one.folder), "reason": one.reason}
            if one.summary is None
            # Whoever reads a list need not get in.
            else {"folder": str(one.folder)} | asdict(one.summary) | {"name": one.name, "key": None}
            for one in found
        ]
        print(json.dumps(rows, indent=2))
        return 0
    for one in found:
        if one.summary is None:
            say(f"error: {one.reason}")
            continue
        summary = one.summary
        state = " (bin)" if summary.binned else " (put away)" if summary.put_away else ""
        counts = f"{summary.reviewed} of {summary.images} reviewed, {summary.accepted} accepted"
        print(f"{one.name:<30} {counts:<40} {one.folder}{state}")
    return 1 if any(one.summary is None for one in found) else 0


def _new(options: argparse.Namespace) -> int:
    from annotator.core.project import checked_name
    from annotator.core.settings import NAME
    from annotator.storage.project_folders import new_folder
    from annotator.storage.store import Store

    name = checked_name(options.name, taken=_names())
    folder = new_folder(name, paths.projects())
    with Store.open(folder) as store:
        store.set_setting(NAME, name)
    print(folder)
    return 0


def _rename(options: argparse.Namespace) -> int:
    from annotator.core.project import checked_name
    from annotator.core.settings import NAME
    from annotator.storage.project_folders import look
    from annotator.storage.store import Store

    folder = _folder(options.name)
    own = look(folder).name
    name = checked_name(options.new, taken=[other for other in _names() if other != own])
    with Store.open(folder) as store:
        store.set_setting(NAME, name)
    return 0


def _duplicate(options: argparse.Namespace) -> int:
    from annotator.core.project import checked_name
    from annotator.storage.duplicate import duplicate
    from annotator.storage.project_folders import new_folder
    from annotator.storage.store import Store

    name = checked_name(options.new, taken=_names())
    folder = new_folder(name, paths.projects())
    with Store.open(_folder(options.name)) as store:
        duplicate(store, folder, name=name, progress=progress_bar("duplicating"))
    print(folder)
    return 0


def _delete(options: argparse.Namespace) -> int:
    from annotator.core.settings import BINNED
    from annotator.storage.database import now
    from annotator.storage.store import Store

    with Store.open(_folder(options.name)) as store:
        store.set_setting(BINNED, now())
    say("it lies in the bin of the page's projects, which forgets it after 30 days; `annotator projects restore` first")
    return 0


def _move(options: argparse.Namespace) -> int:
    from annotator.storage.locations import is_address, location_of
    from annotator.storage.moving import move_project

    folder = project(options.name) if is_address(options.name) else _folder(options.name)
    target = None if options.to is None else location_of(options.to)
    move_project(folder, target, pictures=options.pictures, progress=progress_bar("move"))
    print(folder if target is None else target.place)
    return 0


def _restore(options: argparse.Namespace) -> int:
    from annotator.core.project import free_name, is_same_name
    from annotator.core.settings import BINNED, NAME
    from annotator.storage.store import Store

    binned = [one for one in _all() if one.summary is not None and one.summary.binned is not None]
    found = [one for one in binned if is_same_name(one.name, options.name) or str(one.folder) == options.name]
    if len(found) != 1:
        folders = ", ".join(str(one.folder) for one in found) or "none of this name"
        raise AnnotatorError(f"{options.name}: expected one project of the bin, found {folders}")
    name = free_name(found[0].name, _names())
    with Store.open(found[0].folder) as store, store.together():
        store.set_setting(BINNED, None)
        if name != found[0].name:
            store.set_setting(NAME, name)
    print(name)
    return 0
