"""`annotator export`.

Tests: tests/exchange/test_leaving.py, tests/test_cli.py
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from annotator.cli.projects import project, require_project
from annotator.cli.telling import progress_bar, show_nothing
from annotator.cli.values import Choices, Verbs, shares, whole

if TYPE_CHECKING:
    from annotator.exchange import leaving


def add_export(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    exporting = verbs.add_parser("export", help="write what was accepted as COCO, proven by reading it back")
    exporting.add_argument("--project", required=True, type=project, metavar="DIR")
    exporting.add_argument("--out", required=True, type=Path, metavar="DIR")
    exporting.add_argument(
        "--masks",
        choices=Choices(_mask_forms),
        metavar="FORM",
        help="how masks are written, where the format leaves a choice: %(choices)s (default lossless)",
    )
    dealt = exporting.add_mutually_exclusive_group()
    dealt.add_argument(
        "--split", type=shares, metavar="0.8", help="shares for training, validation and test: 0.8 or 0.7,0.2,0.1"
    )
    dealt.add_argument("--split-by", choices=("folder",), help="parts by the folder train, val or test in the names")
    exporting.add_argument("--seed", type=whole, default=0, metavar="N", help="another seed gives another split")
    exporting.add_argument("--with-images", action="store_true", help="copy the pictures beside the annotations")
    exporting.add_argument(
        "--format", choices=Choices(_formats), metavar="FORMAT", help="%(choices)s (default: the first)"
    )
    exporting.add_argument("--push-to-hub", metavar="USER/NAME", help="also upload it as a dataset, private when new")
    exporting.add_argument("--public", action="store_true", help="a new dataset on the Hub is public")
    exporting.add_argument("--zip", action="store_true", help="one file, dataset.zip, instead of a folder")
    exporting.add_argument("--all-images", action="store_true", help="also images that are not marked reviewed")
    exporting.add_argument(
        "--only",
        metavar="EXPRESSION",
        help='only pictures that fit, as the page searches them: "category:person #1..99"',
    )
    exporting.add_argument(
        "--agreement", action="store_true", help="also tables of how far people agree on pictures that two annotated"
    )
    exporting.add_argument("--no-provenance", action="store_true", help='leave out the key "annotator"')
    exporting.set_defaults(run=_export, refuse=exporting.error)


def _export(options: argparse.Namespace) -> int:
    from annotator.core.query import QueryError, parse
    from annotator.evaluation.takes import tables_of
    from annotator.exchange import formats, leaving
    from annotator.exchange.outlook import outlook
    from annotator.storage.store import Store

    try:
        only = parse(options.only or "")
    except QueryError as error:
        options.refuse(f"--only: {error}")
    format = formats.FORMATS[options.format] if options.format else formats.DEFAULT
    flags = {"masks": options.masks, "with_images": options.with_images, "provenance": options.no_provenance}
    for name in format.refused(name for name, given in flags.items() if given):
        flag = "--no-provenance" if name == "provenance" else f"--{name.replace('_', '-')}"
        why = ", which always brings the pictures" if name == "with_images" and format.brings_pictures else ""
        options.refuse(f"{flag} does not apply to --format {format.name}{why}")
    if options.public and not options.push_to_hub:
        options.refuse("--public is for --push-to-hub")
    if options.zip and options.push_to_hub:
        options.refuse("--zip is for a file here, --push-to-hub sends a folder")
    require_project(options.project)
    split = _split_of(options)
    brings_pictures = format.brings_pictures or options.with_images
    with Store.open(options.project) as store:
        for line in outlook(store, only=only, reviewed_only=not options.all_images).lines:
            print(line, file=sys.stderr)  # before the file is there
        written = leaving.export(
            store,
            options.out,
            format=format,
            options=formats.Options(
                masks=options.masks or formats.Options.masks,
                with_images=options.with_images,
                provenance=not options.no_provenance,
                zipped=options.zip,
            ),
            split=split,
            reviewed_only=not options.all_images,
            only=only,
            beside=tables_of(store) if options.agreement else None,
            progress=progress_bar("exporting") if brings_pictures or split is not None else show_nothing,
        )
    for line in written.lines:
        print(line)
    if options.push_to_hub:
        from annotator.exchange import hub

        print(hub.push(written, options.out, name=options.push_to_hub, private=not options.public))
    return 0


def _split_of(options: argparse.Namespace) -> leaving.Split | None:
    from annotator.exchange import leaving

    if options.split is None and options.split_by is None:
        return None
    return leaving.Split(options.split, options.seed)


def _formats() -> Collection[str]:
    from annotator.exchange.formats import FORMATS

    return FORMATS


def _mask_forms() -> Collection[str]:
    from annotator.exchange import coco

    return coco.MASK_FORMS
