"""The formats of other trainers, written by the library supervision and read back here: what each of them loses.

None of them has holes or crowds, and only LabelMe groups an instance's parts. Their readers fill polygons from pixel
centre to pixel centre (cv2.fillPoly), and so do the writer and the comparison here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.core.dataset import Dataset, Image, Instance
from annotator.core.errors import ExportError
from annotator.core.exportable import require_exportable
from annotator.core.masks import BoolMask, rle_box_xyxy, rle_to_mask
from annotator.exchange.names import safe_names
from annotator.exchange.pack import staged
from annotator.system import files

OtherForm = Literal["yolo-seg", "voc", "labelme"]
OTHER_FORMS: tuple[OtherForm, ...] = get_args(OtherForm)

_MIN_POINTS = 3  # of a contour that the library writes as a polygon

Points = NDArray[np.float64]


@dataclass
class FormatReport:
    """What an export in another format holds, and what it could not hold; ids are those of the COCO export.

    losses: the IoU of what is read back with the mask, of every instance where it is not 1. in_parts: instances that
    became several objects. boxes: instances too thin for a polygon. filled: instances whose holes are gone.
    """

    form: OtherForm
    images: int = 0
    instances: int = 0
    objects: int = 0
    worst_iou: float = 1.0
    mean_iou: float = 1.0
    losses: dict[int, float] = field(default_factory=dict)
    in_parts: list[int] = field(default_factory=list)
    holes: list[int] = field(default_factory=list)
    filled: list[int] = field(default_factory=list)
    boxes: list[int] = field(default_factory=list)
    crowds_left_out: list[int] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    def to_text(self) -> str:
        """The summary that a person reads."""
        exact = self.instances - len(self.losses)
        worst = f", the worst with IoU {self.worst_iou:.6f}" if self.losses else ""
        parts = "grouped" if self.form == "labelme" else "the format knows no parts"
        lines = [
            f"{self.form}: {self.instances} instances as {self.objects} objects on {self.images} images",
            f"read back: {exact} masks are exact, {len(self.losses)} are not{worst}",
        ]
        for ids, what in (
            (self.in_parts, f"instances in several parts became several objects ({parts})"),
            (self.holes, "instances have holes, which a seam of no width joins to the outline"),
            (self.filled, "instances lost their holes: no seam leads to them"),
            (self.boxes, "instances are too thin for a polygon and became boxes"),
            (self.crowds_left_out, "crowds are left out: the format has none"),
        ):
            if ids:
                lines.append(f"warning: {len(ids)} {what} (id {ids[0]})")
        lines += [f"picture {old!r} is {new!r} here" for old, new in self.renamed.items()]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class OtherPack:
    """The zip or the files that were written, and what they hold."""

    files: tuple[Path, ...]
    report: FormatReport


def write(
    parts: Mapping[str, Dataset], target: Path, *, form: OtherForm, pictures: Callable[[Image], bytes]
) -> OtherPack:
    """Write the parts with their pictures in the layout that the format's readers expect, all of it or nothing.

    target: a folder, or a file that ends in `.zip`. pictures: an image's bytes, which must show it upright.
    Raises ExportError if the extra is not installed, if the dataset must not leave, or if the disk refuses.
    """
    library = require_library(form)
    for dataset in parts.values():
        require_exportable(dataset)
    everything = [image for dataset in parts.values() for image in dataset.images]
    names = _flat_names(everything)
    categories = next(iter(parts.values())).categories
    report = FormatReport(form, categories=[category.name for category in categories])
    report.renamed = {image.file_name: names[image.id] for image in everything if names[image.id] != image.file_name}
    class_of = {category.id: index for index, category in enumerate(categories)}
    with staged(target) as folder:
        for part, dataset in parts.items():
            layout = _Layout(folder, form, part)
            by_image: dict[int, list[Instance]] = {image.id: [] for image in dataset.images}
            for instance in dataset.instances:
                if instance.crowd:
                    report.crowds_left_out.append(instance.id)
                else:
                    by_image[instance.image_id].append(instance)
            for image in dataset.images:
                path = layout.picture(names[image.id])
                files.write_atomically(path, pictures(image))
                _write_image(library, layout, path, by_image[image.id], class_of=class_of, report=report)
            layout.write_list([names[image.id] for image in dataset.images])
        if form == "yolo-seg":
            files.write_atomically(folder / "data.yaml", _data_yaml(list(parts), report.categories).encode())
        _sum_up(report)
        files.write_atomically(folder / "report.json", report.to_json().encode())
        files.write_atomically(folder / "report.txt", report.to_text().encode())
        written = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    zipped = target.suffix.lower() == ".zip"
    return OtherPack((target,) if zipped else tuple(target / path for path in written), report)


def require_library(form: OtherForm) -> ModuleType:
    """The library that writes the format. Raises ExportError, which says how to install it."""
    try:
        import supervision
    except ImportError as error:
        raise ExportError(
            f"format {form}: the extra formats is not installed, expected pip install 'annotator[formats]' "
            "(in a clone: pip install -e '.[formats]')"
        ) from error
    found: ModuleType = supervision
    return found


def _flat_names(images: Sequence[Image]) -> dict[int, str]:
    """A name without a folder for each image, by id; annotations are named by its stem, which no other one has."""
    names = {}
    taken: set[str] = set()
    for id, name in safe_names(images).items():
        stem, dot, suffix = name.replace("/", "_").rpartition(".")
        stem, suffix = (stem, f".{suffix}") if dot else (suffix, "")
        stem = stem if stem.casefold() not in taken else f"{stem}-{id}"
        while stem.casefold() in taken:
            stem = f"_{stem}"
        taken.add(stem.casefold())
        names[id] = stem + suffix
    return names


class _Layout:
    """Where one part's pictures and annotations lie."""

    def __init__(self, folder: Path, form: OtherForm, part: str) -> None:
        self._form = form
        self._folder = folder
        self._part = part or ("trainval" if form == "voc" else "train")
        if form == "yolo-seg":
            self._pictures, self.annotations = folder / "images" / self._part, folder / "labels" / self._part
        elif form == "voc":
            self._pictures, self.annotations = folder / "JPEGImages", folder / "Annotations"
        else:  # LabelMe looks for a picture beside its annotations
            self._pictures = self.annotations = folder / part
        self.annotations.mkdir(parents=True, exist_ok=True)

    def picture(self, name: str) -> Path:
        return self._pictures / name

    def annotation(self, picture: Path) -> Path:
        suffix = {"yolo-seg": ".txt", "voc": ".xml", "labelme": ".json"}[self._form]
        return self.annotations / f"{picture.stem}{suffix}"

    def write_list(self, names: Sequence[str]) -> None:
        """Which pictures are of this part, where folders do not say it."""
        if self._form == "voc":
            lines = "".join(f"{Path(name).stem}\n" for name in names)
            files.write_atomically(self._folder / "ImageSets" / "Main" / f"{self._part}.txt", lines.encode())


def _data_yaml(parts: Sequence[str], names: Sequence[str]) -> str:
    """JSON is YAML. A reader wants a validation part: where there is none, the training part stands for it."""
    found = [part or "train" for part in parts]
    lines = [f"{part}: images/{part}" for part in found]
    if "val" not in found:
        lines.append(f"val: images/{found[0]}")
    classes = "".join(f"  {index}: {json.dumps(name, ensure_ascii=False)}\n" for index, name in enumerate(names))
    return "\n".join(lines) + "\nnames:\n" + classes


# --- one image -------------------------------------------------------------------------------------------------------


def _write_image(
    library: ModuleType,
    layout: _Layout,
    path: Path,
    instances: Sequence[Instance],
    *,
    class_of: Mapping[int, int],
    report: FormatReport,
) -> None:
    """Write one image's annotations, read them back, and note in the report what they lost."""
    masks = [rle_to_mask(instance.rle) for instance in instances]
    classes = [class_of[instance.category_id] for instance in instances]
    save = {"yolo-seg": "as_yolo", "voc": "as_pascal_voc", "labelme": "as_labelme"}[report.form]

    def written(shown: Sequence[BoolMask]) -> None:
        boxes = np.array([rle_box_xyxy(instance.rle) for instance in instances], np.float64).reshape(-1, 4)
        found = library.Detections.empty()
        if instances:
            found = library.Detections(xyxy=boxes, mask=np.stack(shown), class_id=np.array(classes))
        dataset = library.DetectionDataset(report.categories, [str(path)], {str(path): found})
        getattr(dataset, save)(annotations_directory_path=str(layout.annotations))
        if report.form == "yolo-seg" and instances:
            _boxes_as_polygons(layout.annotation(path), width=instances[0].rle.width, height=instances[0].rle.height)

    shown = masks
    try:
        try:
            written(shown)
        except ValueError:  # the library found no way from some hole to its outline
            shown = [_filled(mask) for mask in masks]
            report.filled += [
                one.id for one, old, new in zip(instances, masks, shown, strict=True) if (old != new).any()
            ]
            written(shown)
        objects = list(_read_back(layout.annotation(path), report.form, path=path, instances=instances))
    except (ValueError, KeyError, TypeError, OSError, cv2.error, ElementTree.ParseError) as error:
        raise ExportError(f"{path.name}: cannot be written as {report.form}: {error}") from error
    report.images += 1
    report.instances += len(instances)
    report.objects += len(objects)
    _compare(instances, masks, shown, objects, report=report, name=path.name)


def _compare(
    instances: Sequence[Instance],
    masks: Sequence[BoolMask],
    shown: Sequence[BoolMask],
    objects: Sequence[Points],
    *,
    report: FormatReport,
    name: str,
) -> None:
    """The objects come in the order of the instances, as many of each as its mask has outlines."""
    waiting = iter(objects)
    counts = [_outlines(mask) for mask in shown]
    if sum(max(outlines, 1) for outlines, _ in counts) != len(objects):
        raise ExportError(f"{name}: {len(objects)} objects read back, expected those of {len(instances)} instances")
    for instance, mask, (outlines, holes) in zip(instances, masks, counts, strict=True):
        found = np.zeros(mask.shape, np.uint8)
        for _ in range(max(outlines, 1)):
            cv2.fillPoly(found, [np.round(next(waiting)).astype(np.int32)], 1)
        union = int((mask | (found == 1)).sum())
        iou = int((mask & (found == 1)).sum()) / union
        if iou < 1:
            report.losses[instance.id] = iou
        for ids, applies in ((report.in_parts, outlines > 1), (report.holes, holes), (report.boxes, not outlines)):
            if applies:
                ids.append(instance.id)


def _outlines(mask: BoolMask) -> tuple[int, bool]:
    """How many polygons the library makes of a mask, and whether it has holes."""
    found, places = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    above = [place[3] for place in places[0]] if places is not None else []
    outer = sum(parent < 0 and len(ring) >= _MIN_POINTS for ring, parent in zip(found, above, strict=True))
    return outer, any(parent >= 0 for parent in above)


def _filled(mask: BoolMask) -> BoolMask:
    """The mask without its holes."""
    rings, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, rings, -1, 1, cv2.FILLED)
    return np.asarray(filled == 1)


def _sum_up(report: FormatReport) -> None:
    lost = report.losses.values()
    report.worst_iou = min(lost, default=1.0)
    if report.instances:
        report.mean_iou = (report.instances - len(lost) + sum(lost)) / report.instances


# --- back ------------------------------------------------------------------------------------------------------------


def _read_back(file: Path, form: OtherForm, *, path: Path, instances: Sequence[Instance]) -> Iterator[Points]:
    """The points of every object of a file, in its order, from pixel centre to pixel centre."""
    if form == "labelme":
        for shape in json.loads(file.read_text("utf-8"))["shapes"]:
            points = np.array(shape["points"], np.float64)
            yield _corners(points.ravel()) if shape["shape_type"] == "rectangle" else points
    elif form == "voc":
        for item in ElementTree.parse(file).getroot().iter("object"):  # noqa: S314, the library wrote it just now
            yield _voc_points(item)
    elif instances:
        size = np.array([instances[0].rle.width, instances[0].rle.height], np.float64)
        for line in file.read_text("utf-8").splitlines():
            yield np.array(line.split()[1:], np.float64).reshape(-1, 2) * size


def _boxes_as_polygons(file: Path, *, width: int, height: int) -> None:
    """Readers of segmentations take every line for a polygon: a box is one of 4 corners."""
    size = np.array([width, height], np.float64)
    lines = []
    for line in file.read_text("utf-8").splitlines():
        name, *values = line.split()
        if len(values) == 4:
            center, extent = np.array(values, np.float64).reshape(2, 2) * size
            corners = _corners(np.round(np.concatenate((center - extent / 2, center + extent / 2)))) / size
            values = [f"{value:.5f}" for value in corners.ravel()]
        lines.append(" ".join((name, *values)))
    file.write_text("\n".join(lines), "utf-8")


def _voc_points(item: ElementTree.Element) -> Points:
    """VOC counts pixels from 1."""
    polygon, box = item.find("polygon"), item.find("bndbox")
    if polygon is not None:
        return np.array([float(value.text or "") for value in polygon]).reshape(-1, 2) - 1
    values: dict[str, Any] = {value.tag: float(value.text or "") for value in box} if box is not None else {}
    return _corners(np.array([values["xmin"] - 1, values["ymin"] - 1, values["xmax"], values["ymax"]]))


def _corners(box_xyxy: NDArray[np.float64]) -> Points:
    """A box up to its far edges -> its corners' pixel centres."""
    x0, y0, x1, y1 = box_xyxy
    return np.array([[x0, y0], [x1 - 1, y0], [x1 - 1, y1 - 1], [x0, y1 - 1]])
