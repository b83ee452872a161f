"""The verbs of the command line.

Results go to stdout, progress and messages to stderr. Exit 0: done; 1: it ran and found or hit a problem, told in one
line; 2: wrong usage. Heavy packages are imported by the verb that needs them, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotator.core.errors import AnnotatorError, CocoError, ImageError
from annotator.core.problems import MOST_OF_A_KIND
from annotator.core.words import counted
from annotator.system.files import require_writable

if TYPE_CHECKING:
    from annotator.exchange import leaving
    from annotator.prelabel.journey import Failure
    from annotator.vision.networks.detector import Detector
    from annotator.vision.networks.zoo import ModelInfo


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    options = build_parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not know a sign that a file's names have
            stream.reconfigure(errors="backslashreplace")
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except CocoError as error:
        for line in error.problems:
            _say(f"error: {line}")
        return 1
    except AnnotatorError as error:
        _say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        print("error: interrupted; what was saved is kept", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is left to tell anyone, also not at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        _say(f"error: {error.filename or 'file system'}: {error.strerror or error}")
        return 1


def build_parser() -> argparse.ArgumentParser:
    """The contract of the command line as a parser."""
    parser = argparse.ArgumentParser(prog="annotator", description="Pre-label photographs, review them, export COCO.")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")

    serve = verbs.add_parser("serve", help="start the page in a local browser")
    serve.add_argument("--project", type=Path, metavar="DIR", help="the project's folder, made when absent")
    serve.add_argument("--host", metavar="H", help="address to listen on (default 127.0.0.1, or GRADIO_SERVER_NAME)")
    serve.add_argument("--port", type=_port, metavar="P", help="default 7860, or GRADIO_SERVER_PORT")
    serve.add_argument("--root-path", metavar="PATH", help="path below which a proxy shows it, or GRADIO_ROOT_PATH")
    serve.add_argument(
        "--allowed-hosts", metavar="NAMES", help="names it answers to, with commas, or ANNOTATOR_ALLOWED_HOSTS"
    )
    serve.add_argument(
        "--share", action="store_true", default=None, help="show it to anybody, by Gradio's tunnel, or GRADIO_SHARE"
    )
    serve.set_defaults(run=_serve)

    models = verbs.add_parser("models", help="list, fetch, add or check networks")
    actions = models.add_subparsers(title="actions", required=True, metavar="ACTION")
    action = actions.add_parser("list", help="what there is, and what would be fetched")
    action.add_argument("--json", action="store_true", help="as JSON")
    action.set_defaults(run=_models_list)
    action = actions.add_parser("fetch", help="fetch a network's files, checked by size and SHA-384")
    action.add_argument("name", metavar="NAME")
    action.set_defaults(run=_models_fetch)
    action = actions.add_parser("add", help="add a network of your own from a folder")
    action.add_argument("name", metavar="NAME")
    action.add_argument("folder", type=Path, metavar="DIR")
    action.set_defaults(run=_models_add)
    action = actions.add_parser("check", help="verify a network's files and run it on noise and on a sample")
    action.add_argument("name", metavar="NAME")
    action.add_argument("--device", type=str.upper, default="AUTO", metavar="D", help="OpenVINO device, else AUTO")
    action.set_defaults(run=_models_check)

    action = actions.add_parser("quantize", help="add the INT8 twin of a network, calibrated on your pictures")
    action.add_argument("name", metavar="NAME")
    action.add_argument("--images", required=True, type=Path, metavar="DIR")
    action.add_argument("--name", dest="twin", metavar="TWIN", help="the twin's name (default NAME-int8)")
    action.add_argument("--pictures", type=_count, default=300, metavar="N", help="how many calibrate (default 300)")
    action.add_argument("--annotations", type=Path, metavar="FILE.json", help="also measure the AP of both")
    action.add_argument("--annotated", type=Path, metavar="DIR", help="its pictures (default: those of --images)")
    action.set_defaults(run=_models_quantize, refuse=action.error)

    prelabel = verbs.add_parser("prelabel", help="let a network suggest instances on pictures or folders")
    prelabel.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    prelabel.add_argument("--model", required=True, metavar="NAME")
    prelabel.add_argument("--threshold", type=_score, metavar="T", help="lowest score, 0 to 1")
    prelabel.add_argument("--device", type=str.upper, default="AUTO", metavar="D", help="OpenVINO device, else AUTO")
    prelabel.add_argument("--draft", action="store_true", help="decode large JPEG files at a part of their size")
    prelabel.add_argument(
        "--precision", choices=("f32", "bf16"), default="f32", help="bf16: faster where there is it, less exact"
    )
    target = prelabel.add_mutually_exclusive_group(required=True)
    target.add_argument("--project", type=Path, metavar="DIR")
    target.add_argument("--out", type=Path, metavar="FILE.json")
    prelabel.set_defaults(run=_prelabel)

    importing = verbs.add_parser("import", help="bring COCO files and their pictures, or results, into a project")
    importing.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, or folders that hold some")
    importing.add_argument(
        "--images", type=Path, metavar="DIR", help="the pictures, where neither a folder nor the project has them"
    )
    importing.add_argument("--project", required=True, type=Path, metavar="DIR")
    importing.add_argument(
        "--source", type=_source, metavar="MODEL@VERSION", help="who made the results (default: the file's name)"
    )
    importing.add_argument(
        "--on-conflict",
        choices=("skip", "replace", "add"),
        default="skip",
        help="instances that the project has by another outline: its own stays, the file's takes its place, or both",
    )
    importing.add_argument("--all", action="store_true", help="every problem and note, not some of each kind")
    importing.set_defaults(run=_import)

    exporting = verbs.add_parser("export", help="write what was accepted as COCO, proven by reading it back")
    exporting.add_argument("--project", required=True, type=Path, metavar="DIR")
    exporting.add_argument("--out", required=True, type=Path, metavar="DIR")
    exporting.add_argument(
        "--masks",
        choices=_Choices(_mask_forms),
        metavar="FORM",
        help="how masks are written, where the format leaves a choice: %(choices)s (default lossless)",
    )
    dealt = exporting.add_mutually_exclusive_group()
    dealt.add_argument(
        "--split", type=_shares, metavar="0.8", help="shares for training, validation and test: 0.8 or 0.7,0.2,0.1"
    )
    dealt.add_argument("--split-by", choices=("folder",), help="parts by the folder train, val or test in the names")
    exporting.add_argument("--seed", type=_whole, default=0, metavar="N", help="another seed deals otherwise")
    exporting.add_argument("--with-images", action="store_true", help="copy the pictures beside the annotations")
    exporting.add_argument(
        "--format", choices=_Choices(_formats), metavar="FORMAT", help="%(choices)s (default: the first)"
    )
    exporting.add_argument("--push-to-hub", metavar="USER/NAME", help="also upload it as a dataset, private when new")
    exporting.add_argument("--public", action="store_true", help="a new dataset on the Hub is public")
    exporting.add_argument("--zip", action="store_true", help="one file, dataset.zip, instead of a folder")
    exporting.add_argument("--all-images", action="store_true", help="also images that are not marked reviewed")
    exporting.add_argument("--no-provenance", action="store_true", help='leave out the key "annotator"')
    exporting.set_defaults(run=_export, refuse=exporting.error)

    check = verbs.add_parser("check", help="lint any COCO file")
    check.add_argument("file", type=Path, metavar="FILE.json")
    check.add_argument("--images", type=Path, metavar="DIR", help="also check that the pictures are there and fit")
    check.add_argument("--json", action="store_true", help="as JSON")
    check.add_argument("--all", action="store_true", help="every problem, not some of each kind")
    check.set_defaults(run=_check)

    evaluate = verbs.add_parser("evaluate", help="a network's COCO AP on annotated pictures")
    evaluate.add_argument("--model", required=True, metavar="NAME")
    evaluate.add_argument("--annotations", required=True, type=Path, metavar="FILE.json")
    evaluate.add_argument("--images", required=True, type=Path, metavar="DIR")
    evaluate.add_argument("--json", action="store_true", help="as JSON")
    evaluate.add_argument("--results", type=Path, metavar="FILE.json", help="also write the detections, COCO's form")
    evaluate.add_argument(
        "--as-published", action="store_true", help="boxes as the publisher of the two networks measured them: + 1 px"
    )
    evaluate.add_argument("--device", type=str.upper, default="AUTO", metavar="D", help="OpenVINO device, else AUTO")
    evaluate.set_defaults(run=_evaluate)
    return parser


class _Choices(Container[str]):
    """What an option may be, found out when it is asked for: `--help` answers at once."""

    def __init__(self, find: Callable[[], Collection[str]]) -> None:
        self._find = find

    def __contains__(self, value: object) -> bool:
        return value in self._find()

    def __iter__(self) -> Iterator[str]:
        return iter(self._find())


def _formats() -> Collection[str]:
    from annotator.exchange.formats import FORMATS

    return FORMATS


def _mask_forms() -> Collection[str]:
    from annotator.exchange import coco

    return coco.MASK_FORMS


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r}, expected 1 to 65535")
    return int(text)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from 0 on")
    return int(text)


def _source(text: str) -> str:
    model, _, version = text.rpartition("@")
    if not model or not version or not text.isprintable() or len(text) > 200:
        raise argparse.ArgumentTypeError(f"{text!r:.80}, expected MODEL@VERSION, as in person-0007@2023.0")
    return text


def _shares(text: str) -> dict[str, float]:
    """Shares of train, val and test; the last one may be left out."""
    try:
        shares = [float(share) for share in text.split(",")]
    except ValueError:
        shares = []
    if len(shares) == 1:
        shares.append(1 - shares[0])
    if not 2 <= len(shares) <= 3 or not all(0 < share < 1 for share in shares) or abs(sum(shares) - 1) > 1e-9:
        raise argparse.ArgumentTypeError(
            f"{text!r}, expected 0.8, or two or three shares that add up to 1: 0.7,0.2,0.1"
        )
    return dict(zip(("train", "val", "test"), shares, strict=False))


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from 1")
    return int(text)


def _score(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a number from 0 to 1")
    return value


def _bar(label: str, unit: str = "picture", *, scale: bool = False) -> Callable[[int, int], None]:
    """A progress bar on stderr, as a callback of (done, total)."""
    from tqdm import tqdm

    bar = tqdm(desc=label, unit=unit, unit_scale=scale, file=sys.stderr, dynamic_ncols=True, disable=None, leave=False)

    def update(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return update


def _silent(done: int, total: int) -> None:
    """The progress of what takes no time."""


def _say(message: str) -> None:
    """One line: the name of a file may hold line breaks, and commands to the terminal."""
    line = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in message)
    print(line, file=sys.stderr)


def _serve(options: argparse.Namespace) -> int:
    from annotator.web.hosting import Hosting
    from annotator.web.server import serve

    hosting = Hosting.choose(
        host=options.host,
        port=options.port,
        root_path=options.root_path,
        allowed_hosts=options.allowed_hosts,
        share=options.share,
    )
    serve(project=options.project, hosting=hosting)
    return 0


def _models_list(options: argparse.Namespace) -> int:
    from annotator.vision.networks import zoo

    models = zoo.list_models()
    if options.json:
        rows: list[dict[str, Any]] = [
            {
                "name": info.name,
                "title": info.title,
                "version": info.version,
                "present": info.present,
                "missing_bytes": info.missing_bytes,
                "categories": len(info.categories),
                "threshold": info.threshold,
            }
            for info in models
        ]
        print(json.dumps(rows, indent=2))
        return 0
    for info in models:
        state = "present" if info.present else f"to fetch, {info.missing_bytes / 1e6:.1f} MB"
        classes = f"{len(info.categories)} classes" if len(info.categories) != 1 else info.categories[0].name
        print(f"{info.name:<20} {state:<22} {classes:<12} {info.title}")
    return 0


def _models_fetch(options: argparse.Namespace) -> int:
    from annotator.vision.networks import zoo

    info = zoo.find(options.name)
    if not info.present:
        zoo.fetch(info, progress=_bar(f"fetching {info.name}", "B", scale=True))
    zoo.verify(info)
    print(f"{info.name}: present and verified in {info.folder}")
    return 0


def _models_add(options: argparse.Namespace) -> int:
    from annotator.vision.networks import zoo
    from annotator.vision.networks.own_model import warnings_for

    info = zoo.add(options.name, options.folder)
    print(f"{info.name}: added to {info.folder}")
    for line in warnings_for(info):
        _say(line)
    return 0


def _models_check(options: argparse.Namespace) -> int:
    from annotator.system import paths
    from annotator.vision.networks import zoo
    from annotator.vision.networks.try_model import describe

    sample = sorted(paths.EXAMPLES.glob("*.jpg"))[0]
    for line in describe(zoo.find(options.name), sample, device=options.device):
        print(line, flush=True)
    return 0


def _models_quantize(options: argparse.Namespace) -> int:
    from annotator import evaluation
    from annotator.vision.networks import quantize, zoo
    from annotator.vision.pictures.finding import find_pictures

    if options.annotated and not options.annotations:
        options.refuse("--annotated is for --annotations")
    info = zoo.find(options.name)
    truth, annotated = None, options.annotated or options.images
    if options.annotations:
        truth = evaluation.Truth.read(options.annotations)
        evaluation.require_measurable(info, truth, annotated)
    pictures = find_pictures([options.images])
    calibrating, others = quantize.divide(pictures, most=options.pictures)
    twin = quantize.quantize(info, calibrating, name=options.twin or f"{info.name}-int8")
    print(f"{twin.name}: added to {twin.folder}")
    print(quantize.compare(info, twin, others))
    if truth is not None:
        before, after = (
            evaluation.evaluate(_detector(one, "AUTO"), truth, annotated, progress=_bar(f"evaluating {one.name}"))
            for one in (info, twin)
        )
        print(before.to_table())
        print(after.to_table())
        for kind, old, new in (("boxes", before.box, after.box), ("masks", before.mask, after.mask)):
            print(f"AP of {kind}: {100 * old['AP']:.1f} -> {100 * new['AP']:.1f}")
    return 0


def _prelabel(options: argparse.Namespace) -> int:
    from annotator.exchange import coco
    from annotator.prelabel import batch
    from annotator.prelabel.files import prelabel_files
    from annotator.vision.networks import zoo
    from annotator.vision.pictures.finding import count_of_macos, find_pictures

    info = zoo.find(options.model)
    paths = find_pictures(options.paths)
    of_macos = count_of_macos(options.paths)
    if of_macos:
        _say(f"{counted(of_macos, 'file')} of macOS (._*) passed over")
    if not paths:
        raise ImageError(f"{', '.join(map(str, options.paths))}: no pictures there")
    if options.out is not None:
        require_writable(options.out)
    detector = _detector(info, options.device, precision=options.precision)
    progress = _bar(f"pre-labelling with {info.name}")
    if options.out is not None:
        threshold = info.threshold if options.threshold is None else options.threshold
        dataset, report = prelabel_files(paths, detector, threshold=threshold, draft=options.draft, progress=progress)
        _tell(report.failures)
        summary = f"{len(dataset.instances)} instances on {report.done} pictures -> {options.out}"
        if report.done:
            coco.write(dataset, options.out, report_name=None)
        else:
            summary = f"no picture could be pre-labelled; {options.out} is not written"
    else:
        from annotator.storage.store import Store

        with Store.open(options.project) as store:
            floor = batch.SCORE_FLOOR if options.threshold is None else options.threshold
            report = batch.prelabel_new(store, detector, paths, floor=floor, draft=options.draft, progress=progress)
        _tell(report.failures)
        summary = f"{report.done} pictures pre-labelled in {options.project}"
    print(summary)
    return 1 if report.failures else 0


def _tell(failures: Sequence[Failure]) -> None:
    for failure in failures:
        _say(f"error: {failure}")


def _detector(info: ModelInfo, device: str, *, precision: str = "f32") -> Detector:
    """The network, fetched on its first use."""
    from annotator.vision.networks import zoo
    from annotator.vision.networks.detector import Detector

    if not info.present:
        zoo.fetch(info, progress=_bar(f"fetching {info.name}", "B", scale=True))
    return Detector(info, device=device, precision=precision)


def _import(options: argparse.Namespace) -> int:
    from annotator.exchange import coming
    from annotator.exchange.finding import read_import
    from annotator.storage.store import Store

    most = None if options.all else MOST_OF_A_KIND
    reading = read_import(options.paths, images=options.images, most=most)
    if not any(file.folder for file in reading.files):
        _require_project(options.project)
    progress = _bar("importing") if reading.datasets else _silent
    with Store.open(options.project) as store:
        brought = coming.bring(
            reading, store, source=options.source, on_conflict=options.on_conflict, most=most, progress=progress
        )
    for line in (*brought.lines, *reading.passed_over):
        print(line)
    if brought.met and options.on_conflict == "skip":
        print("--on-conflict replace takes the file's outline, --on-conflict add keeps both")
    return 0


def _export(options: argparse.Namespace) -> int:
    from annotator.exchange import formats, leaving
    from annotator.storage.store import Store

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
    _require_project(options.project)
    split = _split_of(options)
    with Store.open(options.project) as store:
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
            progress=_silent if split is None else _bar("comparing pictures"),
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


def _require_project(folder: Path) -> None:
    if not (folder / "project.db").is_file():
        raise AnnotatorError(f"{folder}: no project there, expected a folder with project.db")


def _check(options: argparse.Namespace) -> int:
    from annotator.exchange.coco import check

    most = None if options.all else MOST_OF_A_KIND
    problems = check.check_file(options.file, images=options.images, most=most)
    if options.json:
        rows = [
            {"level": item.level, "place": item.path, "message": item.message}
            | ({"more": item.more} if item.more else {})
            for item in problems
        ]
        print(json.dumps(rows))
    else:
        for item in problems:
            print(f"{item.level}: {item if item.path else f'{options.file}: {item}'}")
        counts = {
            level: sum(1 + item.more for item in problems if item.level == level)
            for level in ("error", "warning", "note")
        }
        _say(", ".join(counted(count, level) for level, count in counts.items()))
        if any(item.more for item in problems):
            _say("--all lists every one")
    return 1 if any(item.level == "error" for item in problems) else 0


def _evaluate(options: argparse.Namespace) -> int:
    from annotator import evaluation
    from annotator.vision.networks import zoo

    info = zoo.find(options.model)
    truth = evaluation.Truth.read(options.annotations)
    detector = _detector(info, options.device)
    figures = evaluation.evaluate(
        detector,
        truth,
        options.images,
        published=options.as_published,
        results=options.results,
        progress=_bar(f"evaluating {options.model}"),
    )
    print(json.dumps(figures.to_json(), indent=2) if options.json else figures.to_table())
    return 0
