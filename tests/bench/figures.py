"""The figures of the table and of the document: what each is called, and where a script says it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.bench.suite import Outcome


@dataclass(frozen=True)
class Figure:
    """where: the place of a number in a script's JSON, or a pattern with one group for it in a script's text."""

    script: str
    label: str
    where: str
    unit: str = ""

    def value(self, outcome: Outcome) -> str | None:
        """As people read it, None where the script did not say it."""
        number = outcome.figures.get(self.where)
        if number is None:
            found = re.search(self.where, outcome.said, re.MULTILINE)
            if found is None or not found.groups():
                return None
            number = float(found[1].replace(",", ""))
        return f"{_rounded(number)} {self.unit}".strip()


def _rounded(number: float) -> str:
    """Three digits, more before the point, and no exponent."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


_MS = "ms"
_TIMES = "times"

GROUPS: dict[str, tuple[Figure, ...]] = {
    "Start": (
        Figure("page", "`annotator --help`", "help_s", "s"),
        Figure("page", "`import annotator`", "import_s", "s"),
        Figure("page", "from `python app.py` until the page answers", "page_answers_s", "s"),
        Figure("page", "of that, CPU: importing Gradio", "import_gradio_cpu_s", "s"),
        Figure("page", "of that, CPU: importing the rest", "import_the_rest_cpu_s", "s"),
        Figure("page", "of that, CPU: building the page", "build_the_page_cpu_s", "s"),
        Figure("page", "first paint of the page in a new browser", "first_paint_s", "s"),
        Figure("page", "the editor is shown there", "editor_is_there_s", "s"),
        Figure("startup", "`starter-person` has answered, on its first start", "first answered_s", "s"),
        Figure("startup", "`starter-person` has answered, on later starts", "second answered_s", "s"),
    ),
    "Pre-labelling, from JPEG to stored suggestions": (
        Figure("pipeline", "640 x 480, pictures a second", "vga pictures_a_second"),
        Figure("pipeline", "1920 x 1080, pictures a second", "1080p pictures_a_second"),
        Figure("pipeline", "4000 x 3000, pictures a second", "12mp pictures_a_second"),
        Figure("pipeline", "4000 x 3000 decoded as drafts, pictures a second", "12mp draft pictures_a_second"),
        Figure("pipeline", "the network alone, pictures a second", "network pictures_a_second"),
        Figure("precision", "CPU a picture in f32", "f32 cpu_ms_a_picture", _MS),
        Figure("precision", "CPU a picture in bf16", "bf16 cpu_ms_a_picture", _MS),
        Figure("precision", "median IoU of masks in bf16 with those in f32", "mask_iou_0_1_5_50 4"),
        Figure(
            "served", "1920 x 1080, the network on a server beside it, pictures a second", "pictures_a_second served"
        ),
        Figure("ray", "by Ray on this machine, share of the engine without it", "share"),
        Figure("ray", "pictures and suggestions lost where workers and drivers were killed", '"lost": (\\d+)'),
        Figure("memory", "growth of memory from the 200th picture to the last", "growth_after_200"),
    ),
    "Masks and COCO": (
        Figure("masks", "100 heatmaps to run lengths, 640 x 480", r"^640x480: +([\d.]+) ms", _MS),
        Figure("masks", "100 heatmaps to run lengths, 4000 x 3000", r"^4000x3000: +([\d.]+) ms", _MS),
        Figure("masks", "openvino-model-api's way with the latter", r"^4000x3000:.*wrapper.*?\(([\d.]+) times", _TIMES),
        Figure("coco", "10,000 instances: export with its proof", "wall_s export", "s"),
        Figure("coco", "10,000 instances: import", "wall_s import", "s"),
        Figure("coco", "10,000 instances: `annotator check`", "wall_s check", "s"),
        Figure("coco", "10,000 instances: pycocotools loads and decodes them", "wall_s pycocotools", "s"),
        Figure("formats", "YOLO, CPU of an export with pictures over COCO's", "yolo-seg times", _TIMES),
        Figure("formats", "Pascal VOC, the same", "voc times", _TIMES),
        Figure("formats", "LabelMe, the same", "labelme times", _TIMES),
        Figure("size", "500 pictures, 5,000 polygons: import, CPU", r"^import +([\d.]+) s", "s"),
        Figure("size", "the same: import, peak of memory", r"^import +[\d.]+ s +(\d+) MB", "MB"),
        Figure("size", "the same: export, CPU", r"^export lossless +([\d.]+) s", "s"),
    ),
    "Large projects": (
        Figure("queue", "20,000 pictures: filter, sort or search, median", r"^all of them +([\d.]+)", _MS),
        Figure("queue", "the same, 95th percentile", r"^all of them +[\d.]+ +([\d.]+)", _MS),
        Figure("queue", "20,000 pictures: a gesture is stored, median", r"^a gesture +([\d.]+)", _MS),
        Figure("lists", "100,000 pictures: the queue in order of doubt, CPU", "cpu_seconds order by doubt", "s"),
        Figure("lists", "the same: a page of the gallery, CPU", "cpu_seconds gallery by doubt", "s"),
        Figure("bulk", "20,000 suggestions are accepted by one order", r"^accept +([\d.]+) s", "s"),
        Figure("bulk", "its undo", r"^accept: undone +([\d.]+) s", "s"),
        Figure("bulk", "20,000 masks are smoothed by one order", r"^smooth +([\d.]+) s", "s"),
        Figure("evidence", "20,000 pictures, 200,000 decisions: first read", r"^first read +([\d.]+) s", "s"),
        Figure("evidence", "the same after one more decision", r"^read after another decision +([\d.]+) s", "s"),
        Figure("evidence", "advice from them", r"^advice and ledger +([\d.]+) s", "s"),
    ),
    "People at work": (
        Figure("annotators", "a save on 20,000 pictures, one person alone, median", "one alone save p50", _MS),
        Figure("annotators", "ten people who save once a second, median", "ten that save save p50", _MS),
        Figure("annotators", "ten people who also read lists, median", "with readers save p50", _MS),
        Figure("annotators", "the same, 95th percentile", "with readers save p95", _MS),
        Figure("batch", "a save of three people without a batch, median", "alone p50", _MS),
        Figure("batch", "beside a batch of pre-labelling, median", "beside a batch p50", _MS),
        Figure("users", "a save of 20 visitors with projects of their own, median", "p50_ms", _MS),
        Figure("users", "the same, 99th percentile", "p99_ms", _MS),
        Figure("users", "errors of theirs", "errors"),
        Figure("team", "a save of 50 people on 5 machines with PostgreSQL, median", "team save_p50_ms", _MS),
        Figure("team", "the same, 95th percentile", "team save_p95_ms", _MS),
        Figure("team", "decisions lost in it", "team lost"),
        Figure("team", "decisions lost where machines are killed while they save", "kills lost"),
        Figure("saving", "decisions lost where the server is killed while it saves", "kills lost"),
        Figure("saving", "overwritten unseen where two save at once", "races silent_overwrites"),
        Figure(
            "clicks",
            "a box's mask beside a visitor who clicks 200 times a second, median",
            "box from the mask head beside_ms median",
            _MS,
        ),
    ),
    "In the browser": (
        Figure("editor", "the next picture, median", r'"next picture \(median, wall\)":[^}]*?"value": ([\d.]+)', _MS),
        Figure("editor", "first paint of 6000 x 4000", r'"6000 x 4000: first paint[^}]*?"value": ([\d.]+)', _MS),
        Figure(
            "editor",
            "a box becomes a mask on 6000 x 4000",
            r'"6000 x 4000: later boxes to masks[^}]*?"value": ([\d.]+)',
            _MS,
        ),
        Figure(
            "point",
            "a click on an object until its mask is painted, without the network, median",
            "first click paint_ms median",
            _MS,
        ),
    ),
    "Work a picture": (
        Figure("person", "keys and clicks a picture, from suggestions to the export, median", "median"),
        Figure(
            "gestures",
            "gestures an object, drawn as people did",
            "drawing gestures an object, the fewest and people's 2",
        ),
        Figure(
            "gestures",
            "gestures an object, by clicks alone",
            '"way": "prompts alone".*?"gestures an object": ([\\d.]+)',
        ),
        Figure(
            "gestures",
            "gestures an object, by suggestions and clicks",
            '"way": "best of.*?"gestures an object": ([\\d.]+)',
        ),
        Figure(
            "next",
            "pictures to review for 90 % of the gain, most to gain first",
            "most to gain pictures for 90 % of the gain, %",
            "%",
        ),
        Figure("next", "the same in random order", "random pictures for 90 % of the gain, %", "%"),
        Figure(
            "insight",
            "planted label errors in the first tenth of the list",
            r"^planted label errors: (\d+) % in the first 10 %",
            "%",
        ),
    ),
}
