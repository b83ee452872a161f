"""`annotator models`: list, fetch, add, check and quantize networks."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotator.cli.detectors import open_detector
from annotator.cli.telling import progress_bar, say
from annotator.cli.values import Verbs, count

if TYPE_CHECKING:
    from annotator.vision.networks.zoo import NetworkInfo


def add_models(verbs: Verbs) -> None:
    """Its parser: the options, and what runs."""
    models = verbs.add_parser("models", help="list, fetch, add or check networks")
    actions = models.add_subparsers(title="actions", required=True, metavar="ACTION")
    action = actions.add_parser("list", help="what there is, and what would be fetched")
    action.add_argument("--json", action="store_true", help="as JSON")
    action.set_defaults(run=_models_list)
    action = actions.add_parser("fetch", help="fetch a network's files, checked by size and hash")
    action.add_argument("name", metavar="NAME")
    action.set_defaults(run=_models_fetch)
    action = actions.add_parser("add", help="add a network of your own: its files, or the server that runs it")
    action.add_argument("name", metavar="NAME")
    help = "a folder, or an ONNX or OpenVINO file; with --server: a network of the list, or the model.toml, like it"
    action.add_argument("source", metavar="PATH", help=help)
    action.add_argument("--server", metavar="URL", help="runs there, by the Open Inference Protocol (KServe v2)")
    action.add_argument("--model-name", metavar="MODEL", default="", help="its name on the server (default NAME)")
    action.set_defaults(run=_models_add, refuse=action.error)
    action = actions.add_parser("check", help="verify a network's files and run it on noise and on a sample")
    action.add_argument("name", metavar="NAME")
    action.add_argument("--device", type=str.upper, default="AUTO", metavar="D", help="OpenVINO device, else AUTO")
    action.set_defaults(run=_models_check)

    action = actions.add_parser("quantize", help="add the INT8 twin of a network, calibrated on your pictures")
    action.add_argument("name", metavar="NAME")
    action.add_argument("--images", required=True, type=Path, metavar="DIR")
    action.add_argument("--name", dest="twin", metavar="TWIN", help="the twin's name (default NAME-int8)")
    action.add_argument("--pictures", type=count, default=300, metavar="N", help="how many calibrate (default 300)")
    action.add_argument("--annotations", type=Path, metavar="FILE.json", help="also measure the AP of both")
    action.add_argument("--annotated", type=Path, metavar="DIR", help="its pictures (default: those of --images)")
    action.set_defaults(run=_models_quantize, refuse=action.error)


def _models_list(options: argparse.Namespace) -> int:
    from annotator.vision.networks import zoo

    networks = zoo.survey().networks
    if options.json:
        print(json.dumps([_as_json(info) for info in networks], indent=2))
        return 0
    for info in networks:
        state = "present" if info.present else f"to fetch, {_size(info)}"
        state = "on a server" if isinstance(info, zoo.ModelInfo) and info.server else state
        print(f"{info.name:<20} {state:<22} {_answers(info):<12} {info.title}")
    return 0


def _as_json(info: NetworkInfo) -> dict[str, Any]:
    from annotator.vision.networks.zoo import ModelInfo

    common = {
        "name": info.name,
        "title": info.title,
        "version": info.version,
        "present": info.present,
        "missing_bytes": info.missing_bytes,
    }
    if isinstance(info, ModelInfo):
        detector = {"categories": len(info.categories), "threshold": info.threshold, "outputs": info.outputs}
        server = {"server": info.server.url} if info.server else {}
        return common | {"kind": "detector", **detector, "masks": info.has_masks, **server}
    return common | {"kind": "prompt"}


def _size(info: NetworkInfo) -> str:
    if not info.missing_bytes:
        return "size not stated"
    return f"{'' if info.is_size_stated else 'about '}{info.missing_bytes / 1e6:.1f} MB"


def _answers(info: NetworkInfo) -> str:
    from annotator.vision.networks.zoo import ModelInfo

    if not isinstance(info, ModelInfo):
        return "clicks"
    found = f"{len(info.categories)} classes" if len(info.categories) != 1 else info.categories[0].name
    return found if info.has_masks else f"{found}, boxes"


def _models_fetch(options: argparse.Namespace) -> int:
    from annotator.vision.networks import zoo

    info = zoo.find_network(options.name)
    if not info.present:
        zoo.fetch(info, progress=progress_bar(f"fetching {info.name}", "B", scale=True))
    zoo.verify(info)
    if isinstance(info, zoo.ModelInfo) and info.server:
        print(f"{info.name}: runs on {info.server.url}, there is nothing to fetch")
        return 0
    print(f"{info.name}: present and verified in {info.folder}")
    _get_ready(info)
    return 0


def _get_ready(info: NetworkInfo) -> None:
    """Compile a network that answers clicks now, which can take minutes: no page waits for it later."""
    from annotator.vision.networks.prompts.network import PromptNetwork
    from annotator.vision.networks.zoo import PromptInfo

    if isinstance(info, PromptInfo):
        say(f"{info.name}: getting ready to answer clicks, which can take minutes once")
        PromptNetwork(info)


def _models_add(options: argparse.Namespace) -> int:
    from annotator.vision.networks import zoo
    from annotator.vision.networks.own_model import warnings_for

    if options.server is not None:
        from annotator.vision.networks.served.adding import add_served

        served = add_served(options.name, options.source, url=options.server, model=options.model_name)
        print(f"{served.name}: added to {served.folder}: {served.description}")
        return 0
    if options.model_name:
        options.refuse("--model-name is for --server")
    info = zoo.add(options.name, Path(options.source))
    print(f"{info.name}: added to {info.folder}: {info.description}")
    _get_ready(info)
    for line in warnings_for(info) if isinstance(info, zoo.ModelInfo) else []:
        say(line)
    return 0


def _models_check(options: argparse.Namespace) -> int:
    from annotator.system import paths
    from annotator.vision.networks import zoo
    from annotator.vision.networks.try_model import describe
    from annotator.vision.networks.try_prompts import describe_prompts
    from annotator.vision.networks.zoo import PromptInfo

    sample = sorted(paths.EXAMPLES.glob("*.jpg"))[0]
    info = zoo.find_network(options.name)
    if isinstance(info, PromptInfo):
        lines = describe_prompts(info, sample, device=options.device)
    else:
        lines = describe(zoo.find(options.name), sample, device=options.device)
    for line in lines:
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
            evaluation.evaluate(
                open_detector(one, "AUTO"), truth, annotated, progress=progress_bar(f"evaluating {one.name}")
            )
            for one in (info, twin)
        )
        print(before.to_table())
        print(after.to_table())
        for kind, old, new in (("boxes", before.box, after.box), ("masks", before.mask, after.mask)):
            print(f"AP of {kind}: {100 * old['AP']:.1f} -> {100 * new['AP']:.1f}")
    return 0
