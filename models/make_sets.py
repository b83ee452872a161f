"""Makes the sets of photographs that the cards' figures are about, from COCO's own files.

    python models/make_sets.py eval --annotations instances_val2017.json --images val2017 --out data/eval
    python models/make_sets.py train --annotations instances_train2017.json instances_val2017.json \\
        --fetch --out data/train

Which photographs they are stands in models/sets/: ids, sides in pixels, and for `eval` bytes and SHA-256. The
annotations are COCO's (cocodataset.org, CC BY 4.0); the photographs belong to their authors, under licences of their
own, and are in no part of this project: they are copied from `--images`, or with `--fetch` taken one by one from the
addresses that the annotations name. What is there already is not taken again.

Writes `images/`, `instances_person.json` and `instances_80.json`, each of the photographs that are listed for it.
`train` makes them smaller: long side 320 pixels, as the bundled networks were taught.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import shutil
import sys
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

LISTS = Path(__file__).resolve().parent / "sets"
SIDE = 320
MOST_BYTES = 10_000_000
PERSON = 1

Row = dict[str, Any]


def listed(path: Path) -> dict[int, dict[str, str]]:
    """The rows of a list of photographs, by id."""
    with path.open(newline="") as file:
        return {int(row["id"]): row for row in csv.DictReader(file, delimiter="\t")}


def read_annotations(paths: Iterable[Path], wanted: Iterable[int]) -> tuple[dict[int, Row], list[Row], list[Row]]:
    """The listed images by id, their annotations, and the categories, of one or several of COCO's files."""
    images: dict[int, Row] = {}
    annotations: list[Row] = []
    categories: list[Row] = []
    ids = set(wanted)
    for path in paths:
        document = json.loads(path.read_text(encoding="utf-8"))
        images |= {row["id"]: row for row in document["images"] if row["id"] in ids}
        annotations += [row for row in document["annotations"] if row["image_id"] in ids]
        categories = document["categories"]
    return images, annotations, categories


def bring(image: Row, target: Path, *, folder: Path | None, base: str) -> str | None:
    """Put a photograph's own bytes at the target, unless they are there; why that could not be done, if so."""
    if target.is_file():
        return None
    part = target.with_suffix(".part")
    try:
        if folder is not None:
            shutil.copyfile(folder / image["file_name"], part)
        else:
            address = base + image["file_name"] if base else image["coco_url"]
            if not address.startswith(("http://", "https://")):
                return f"{image['file_name']}: {address[:100]!r}, expected an address"
            with urllib.request.urlopen(address, timeout=60) as answer:
                content = answer.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                return f"{image['file_name']}: more than {MOST_BYTES} bytes"
            part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        return f"{image['file_name']}: {error}"
    return None


def shrunk(path: Path, target: Path) -> None:
    """A photograph with a long side of SIDE pixels, as WebP."""
    import cv2

    if target.is_file():
        return
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None:
        raise SystemExit(f"error: {path}: is no picture")
    scale = SIDE / max(pixels.shape[:2])
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    cv2.imwrite(str(target), cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), [cv2.IMWRITE_WEBP_QUALITY, 90])


def scaled(row: Row, by: float) -> Row:
    """An annotation in pixels of the smaller picture. Run lengths of crowds become boxes, which is all that is read."""
    found = {**row, "bbox": [round(value * by, 2) for value in row["bbox"]], "area": row["area"] * by * by}
    segmentation = row["segmentation"]
    is_rle = not isinstance(segmentation, list)
    found["segmentation"] = None if is_rle else [[round(value * by, 2) for value in ring] for ring in segmentation]
    return found


def write_sets(
    out: Path,
    images: list[Row],
    annotations: list[Row],
    categories: list[Row],
    *,
    is_listed: Callable[[int, str], bool],
) -> list[str]:
    """Both files of annotations; a line about each. is_listed: whether an image is listed as `people` or `eighty`."""
    lines = []
    people = [row for row in categories if row["id"] == PERSON]
    files = (("instances_person.json", "people", people), ("instances_80.json", "eighty", categories))
    for name, column, kept in files:
        rows = [row for row in images if is_listed(row["id"], column)]
        ids, known = {row["id"] for row in rows}, {row["id"] for row in kept}
        found = [row for row in annotations if row["image_id"] in ids and row["category_id"] in known]
        (out / name).write_text(json.dumps({"images": rows, "annotations": found, "categories": kept}))
        lines.append(f"{name}: {len(rows)} photographs, {len(found)} annotations")
    return lines


def make(
    name: str, annotations: list[Path], out: Path, *, folder: Path | None, base: str = "", lists: Path = LISTS
) -> list[str]:
    """Make one set; what is told in the end, a line each. SystemExit with a line where it cannot be made."""
    rows = listed(lists / f"{name}.tsv")
    images, found, categories = read_annotations(annotations, rows)
    missing = sorted(rows.keys() - images.keys())
    if missing:
        raise SystemExit(f"error: {len(missing)} photographs are not in the annotations, first {missing[0]}")
    for id, row in rows.items():
        size = images[id]["width"], images[id]["height"]
        if size != (int(row["width"]), int(row["height"])):
            raise SystemExit(f"error: {id}: {size[0]} x {size[1]}, expected {row['width']} x {row['height']}")
    originals = out / ("images" if name == "eval" else "originals")
    for made in (out / "images", originals):
        made.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(
            lambda image: bring(image, originals / image["file_name"], folder=folder, base=base), images.values()
        )
    problems = [problem for problem in done if problem]
    if problems:
        raise SystemExit(f"error: {len(problems)} photographs could not be had; run it again. First: {problems[0]}")
    lines = _compare(rows, images, originals)
    chosen = [images[id] for id in sorted(rows)]
    if name == "train":
        by = {id: SIDE / max(image["width"], image["height"]) for id, image in images.items()}
        found = [scaled(row, by[row["image_id"]]) for row in found]
        chosen = [_shrunk_row(image, originals, out / "images", by[image["id"]]) for image in chosen]
    return lines + write_sets(
        out, chosen, found, categories, is_listed=lambda id, column: rows[id].get(column, "1") == "1"
    )


def _shrunk_row(image: Row, originals: Path, images: Path, by: float) -> Row:
    name = Path(image["file_name"]).with_suffix(".webp").name
    shrunk(originals / image["file_name"], images / name)
    size = {"width": round(image["width"] * by), "height": round(image["height"] * by)}
    return {**image, **size, "file_name": name}


def _compare(rows: dict[int, dict[str, str]], images: dict[int, Row], folder: Path) -> list[str]:
    """Whether the files are, to the byte, those that figures were measured on."""
    other = 0
    for id, row in rows.items():
        if row.get("sha256"):
            content = (folder / images[id]["file_name"]).read_bytes()
            other += hashlib.sha256(content).hexdigest() != row["sha256"]
    return [f"warning: {other} photographs have other bytes than those the figures were measured on"] if other else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=("eval", "train"))
    parser.add_argument("--annotations", nargs="+", type=Path, required=True, help="COCO's instances_*2017.json")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--images", type=Path, help="folder of COCO's photographs")
    source.add_argument("--fetch", action="store_true", help="from the addresses in the annotations")
    parser.add_argument("--base", default="", help="another address that the files' names stand behind, with --fetch")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    for line in make(options.set, options.annotations, options.out, folder=options.images, base=options.base):
        print(line, file=sys.stderr if line.startswith("warning") else sys.stdout)


if __name__ == "__main__":
    main()
