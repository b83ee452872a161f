"""What the page says around the editor, in the editor's languages (frontend/src/strings). `{name}` is filled in.

Labels are laid out once for everybody and translated in the browser, by Gradio; what an event answers is in the
language of whoever asked. Reports and errors of the core stay in English, as on the command line.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import gradio as gr

from annotator.exchange.formats import FORMATS, Format

Language = Literal["en", "de", "es", "zh"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "de", "es", "zh")

_TEXTS: Final[dict[str, tuple[str, ...]]] = {
    "annotate": ("Annotate", "Annotieren", "Anotar", "标注"),
    "export": ("Export", "Export", "Exportar", "导出"),
    "insight": ("Insight", "Auswertung", "Análisis", "统计"),
    "models": ("Models", "Modelle", "Modelos", "模型"),
    "model": ("Model", "Modell", "Modelo", "模型"),
    "cancel": ("Cancel", "Abbrechen", "Cancelar", "取消"),
    "retry": (
        "Try the failed ones again",
        "Fehlgeschlagene erneut versuchen",
        "Reintentar las fallidas",
        "重试失败的图片",
    ),
    "prelabel_one": ("Pre-label picture", "Vorschläge fürs Bild", "Sugerencias aquí", "预标注此图"),
    "prelabel_all": ("Pre-label all", "Vorschläge für alle", "Sugerencias en todas", "预标注全部"),
    "add_first": (
        "Add photographs first.",
        "Zuerst Fotos hinzufügen.",
        "Añada primero fotografías.",
        "请先添加照片。",
    ),
    "open_first": (
        "Open a photograph first.",
        "Zuerst ein Foto öffnen.",
        "Abra primero una fotografía.",
        "请先打开一张照片。",
    ),
    "waiting": (
        "Waiting for the model…",
        "Wartet auf das Modell…",
        "Esperando al modelo…",
        "正在等待模型…",
    ),
    "loading": ("Loading {model}…", "Lädt {model}…", "Cargando {model}…", "正在加载 {model}…"),
    "prelabelling": (
        "Pre-labelling {done} of {total}",
        "Vorschläge für {done} von {total}",
        "Sugerencias: {done} de {total}",
        "正在预标注 {done} / {total}",
    ),
    "prelabelled": (
        "{n} pictures pre-labelled.",
        "Vorschläge für {n} Bilder.",
        "Sugerencias en {n} imágenes.",
        "已预标注 {n} 张。",
    ),
    "cancelled": (
        "Cancelled: {n} of {total} pre-labelled.",
        "Abgebrochen: Vorschläge für {n} von {total}.",
        "Cancelado: sugerencias en {n} de {total}.",
        "已取消：已预标注 {n} / {total}。",
    ),
    "more_failures": (" (and {n} more)", " (und {n} weitere)", " (y {n} más)", "（另有 {n} 个）"),
    "fetching": (
        "Fetching {name}: {done} of {total}",
        "Holt {name}: {done} von {total}",
        "Descargando {name}: {done} de {total}",
        "正在获取 {name}：{done} / {total}",
    ),
    "classes": (
        "{n} categories",
        "{n} Kategorien",
        "{n} categorías",
        "{n} 个类别",
    ),
    "ready": ("ready", "bereit", "lista", "就绪"),
    "fetches_once": (
        "fetches {size} once",
        "holt einmal {size}",
        "descarga {size} una vez",
        "首次获取 {size}",
    ),
    "forgets": (
        "This Space forgets everything when it restarts: download the project before you leave (tab Export).",
        "Dieser Space vergisst bei einem Neustart alles: vor dem Gehen das Projekt herunterladen (Reiter Export).",
        "Este Space lo olvida todo al reiniciarse: descargue el proyecto antes de irse (pestaña Exportar).",
        "此 Space 重启后不保留任何内容：离开前请下载项目（“导出”标签页）。",
    ),
    "export_intro": (
        "## Export\nThe instances that you accepted. Each file is read back and checked before you get it.",
        "## Export\nDie Instanzen, die Sie angenommen haben. Jede Datei wird vorher wieder eingelesen und geprüft.",
        "## Exportar\nLas instancias que ha aceptado. Cada archivo se relee y se comprueba antes de entregárselo.",
        "## 导出\n您接受的实例。每个文件在交给您之前都会重新读取并核对。",
    ),
    "only": (
        "Only pictures that fit this expression (empty: all of them)",
        "Nur Bilder, auf die dieser Ausdruck passt (leer: alle)",
        "Solo las imágenes que cumplen esta expresión (vacía: todas)",
        "仅导出符合此表达式的图片（留空：全部）",
    ),
    "ahead_pictures": (
        "{n} pictures leave.",
        "{n} Bilder werden exportiert.",
        "Se exportan {n} imágenes.",
        "将导出 {n} 张图片。",
    ),
    "ahead_undecided": (
        "{n} reviewed pictures hold suggestions from the threshold {threshold} on that nobody decided about "
        "({undecided} in all): these are left out. The search state:new lists them.",
        "{n} geprüfte Bilder enthalten Vorschläge ab der Schwelle {threshold}, über die niemand entschieden hat "
        "(zusammen {undecided}): sie bleiben weg. Die Suche state:new listet sie auf.",
        "{n} imágenes revisadas contienen sugerencias a partir del umbral {threshold} sobre las que nadie ha decidido "
        "({undecided} en total): no se exportan. La búsqueda state:new las muestra.",
        "{n} 张已审核的图片中有达到阈值 {threshold} 但尚未决定的建议（共 {undecided} 个）："
        "不会导出。搜索 state:new 可列出它们。",
    ),
    "ahead_unreviewed": (
        "{n} pictures with accepted instances are not marked as reviewed, and are left out.",
        "{n} Bilder mit angenommenen Instanzen sind nicht als geprüft markiert und bleiben weg.",
        "{n} imágenes con instancias aceptadas no están marcadas como revisadas y no se exportan.",
        "{n} 张图片有已接受的实例但未标记为已审核，不会导出。",
    ),
    "masks": ("Masks", "Masken", "Máscaras", "掩码"),
    "masks_lossless": (
        "Lossless: polygons where they are exact, RLE where there are holes",
        "Verlustfrei: Polygone, wo sie genau sind, RLE bei Löchern",
        "Sin pérdida: polígonos donde son exactos, RLE donde hay huecos",
        "无损：精确处用多边形，有孔处用 RLE",
    ),
    "masks_polygons": (
        "Polygons only, for trainers that read nothing else",
        "Nur Polygone, für Trainingsprogramme, die nichts anderes lesen",
        "Solo polígonos, para programas que no leen otra cosa",
        "仅多边形，用于只支持多边形的训练工具",
    ),
    "masks_rle": ("RLE only", "Nur RLE", "Solo RLE", "仅 RLE"),
    "masks_rle-uncompressed": (
        "Uncompressed RLE only, for programs that read lists",
        "Nur unkomprimierte RLE, für Programme, die Listen lesen",
        "Solo RLE sin comprimir, para programas que leen listas",
        "仅未压缩 RLE，用于读取列表的程序",
    ),
    "unreviewed": (
        "Also pictures that are not marked as reviewed",
        "Auch Bilder, die nicht als geprüft markiert sind",
        "También imágenes no marcadas como revisadas",
        "包括未标记为已审核的图片",
    ),
    "with_images": (
        "With the pictures, as one zip",
        "Mit den Bildern, als eine Zip-Datei",
        "Con las imágenes, en un solo zip",
        "附带图片，打包为一个 zip",
    ),
    "provenance": (
        "With provenance (model, score, decision) under the key “annotator”",
        "Mit Herkunft (Modell, Konfidenz, Entscheidung) unter dem Schlüssel „annotator“",
        "Con procedencia (modelo, puntuación, decisión) en la clave «annotator»",
        "附带来源信息（模型、分数、决定），写入键“annotator”",
    ),
    "more_parts": (
        "Subsets for training",
        "Teilmengen fürs Training",
        "Subconjuntos para entrenar",
        "训练划分",
    ),
    "parts": (
        "Subsets (pictures that look alike stay together)",
        "Teilmengen (ähnliche Bilder bleiben zusammen)",
        "Subconjuntos (las imágenes parecidas quedan juntas)",
        "划分（相似的图片放在同一子集）",
    ),
    "parts_none": ("All in one", "Alles in einem", "Todo en uno", "不划分"),
    "parts_two": (
        "Training 80 %, validation 20 %",
        "Training 80 %, Validierung 20 %",
        "Entrenamiento 80 %, validación 20 %",
        "训练 80 %，验证 20 %",
    ),
    "parts_three": (
        "Training 70 %, validation 20 %, test 10 %",
        "Training 70 %, Validierung 20 %, Test 10 %",
        "Entrenamiento 70 %, validación 20 %, prueba 10 %",
        "训练 70 %，验证 20 %，测试 10 %",
    ),
    "parts_folder": (
        "By the folders train, val and test",
        "Nach den Ordnern train, val und test",
        "Según las carpetas train, val y test",
        "按文件夹 train、val 和 test",
    ),
    "form": (
        "Format (the report says what a format other than COCO cannot hold)",
        "Format (der Bericht sagt, was andere als COCO nicht fassen)",
        "Formato (el informe dice qué no admiten los que no son COCO)",
        "格式（报告会说明 COCO 之外的格式无法保存的内容）",
    ),
    "download": ("Download", "Herunterladen", "Descargar", "下载"),
    "project_intro": (
        "## The whole project\nPictures, suggestions and every decision in one file. It opens again here or on another "
        "computer, as a new project.",
        "## Das ganze Projekt\nBilder, Vorschläge und jede Entscheidung in einer Datei. Sie lässt sich hier oder "
        "anderswo wieder öffnen, als neues Projekt.",
        "## El proyecto entero\nImágenes, sugerencias y cada decisión en un archivo. Se abre de nuevo aquí o en otro "
        "ordenador, como proyecto nuevo.",
        "## 整个项目\n图片、建议和每个决定都在一个文件中，可在此处或另一台计算机上重新打开，成为一个新项目。",
    ),
    "project_download": ("Download project", "Projekt herunterladen", "Descargar proyecto", "下载项目"),
    "project_open": ("Open project file…", "Projektdatei öffnen…", "Abrir archivo de proyecto…", "打开项目文件…"),
    "sending": ("Sending {n} %", "Sendet {n} %", "Enviando {n} %", "正在发送 {n} %"),
    "opening": ("Checking and opening…", "Prüft und öffnet…", "Comprobando y abriendo…", "正在检查并打开…"),
    "unreachable": (
        "The server could not be reached; nothing was changed.",
        "Der Server war nicht zu erreichen; nichts wurde verändert.",
        "No se pudo contactar con el servidor; no ha cambiado nada.",
        "无法连接服务器；没有任何更改。",
    ),
    "models_intro": (
        "## Models\nThe bundled one works at once. The others are fetched once, checked by size and SHA-384, "
        "and stay on this computer.",
        "## Modelle\nDas mitgelieferte arbeitet sofort. Die anderen werden einmal geholt, nach Größe und SHA-384 "
        "geprüft, und bleiben auf diesem Rechner.",
        "## Modelos\nEl incluido funciona al momento. Los demás se descargan una vez, se comprueban por tamaño y "
        "SHA-384, y quedan en este ordenador.",
        "## 模型\n内置模型立即可用。其他模型只获取一次，按大小和 SHA-384 校验，并保存在这台计算机上。",
    ),
    "fetch": ("Fetch", "Holen", "Descargar", "获取"),
    "network": (
        "Model",
        "Modell",
        "Modelo",
        "模型",
    ),
    "detects": ("Detects", "Erkennt", "Detecta", "检测"),
    "default_threshold": ("Default threshold", "Schwelle zu Beginn", "Umbral inicial", "默认阈值"),
    "state": ("State", "Zustand", "Estado", "状态"),
    "here": ("✓ here", "✓ hier", "✓ aquí", "✓ 已有"),
    "to_fetch": ("to fetch, {size}", "zu holen, {size}", "por descargar, {size}", "待获取，{size}"),
    "all_here": (
        "Everything is here already.",
        "Es ist alles schon hier.",
        "Ya está todo aquí.",
        "全部已在本机。",
    ),
    "fetched": (
        "{name} is here and verified.",
        "{name} ist da und geprüft.",
        "{name} está aquí y comprobada.",
        "{name} 已获取并通过校验。",
    ),
}

_OF_ONE: Final[dict[str, tuple[str, ...]]] = {
    "ahead_pictures": (
        "{n} picture leaves.",
        "{n} Bild wird exportiert.",
        "Se exporta {n} imagen.",
        "将导出 {n} 张图片。",
    ),
    "ahead_undecided": (
        "{n} reviewed picture holds suggestions from the threshold {threshold} on that nobody decided about "
        "({undecided} in all): these are left out. The search state:new lists it.",
        "{n} geprüftes Bild enthält Vorschläge ab der Schwelle {threshold}, über die niemand entschieden hat "
        "(zusammen {undecided}): sie bleiben weg. Die Suche state:new listet es auf.",
        "{n} imagen revisada contiene sugerencias a partir del umbral {threshold} sobre las que nadie ha decidido "
        "({undecided} en total): no se exportan. La búsqueda state:new la muestra.",
        "{n} 张已审核的图片中有达到阈值 {threshold} 但尚未决定的建议（共 {undecided} 个）："
        "不会导出。搜索 state:new 可列出它。",
    ),
    "ahead_unreviewed": (
        "{n} picture with accepted instances is not marked as reviewed, and is left out.",
        "{n} Bild mit angenommenen Instanzen ist nicht als geprüft markiert und bleibt weg.",
        "{n} imagen con instancias aceptadas no está marcada como revisada y no se exporta.",
        "{n} 张图片有已接受的实例但未标记为已审核，不会导出。",
    ),
    "prelabelled": (
        "{n} picture pre-labelled.",
        "Vorschläge für {n} Bild.",
        "Sugerencias en {n} imagen.",
        "已预标注 {n} 张。",
    ),
}
"""What texts are when `n` is 1: where a language tells one of a thing from several."""


def say(key: str, language: Language = "en", **values: object) -> str:
    """A text in a language, its names filled in; `n` is what it counts. Raises KeyError for an unknown key."""
    table = _OF_ONE if values.get("n") == 1 and key in _OF_ONE else _TEXTS
    return table[key][LANGUAGES.index(language)].format(**values)


def language_of(request: gr.Request | None) -> Language:
    """The first of the browser's languages that the page speaks, in the order that it prefers; else English."""
    header = "" if request is None else request.headers.get("accept-language") or ""
    asked: list[tuple[float, str]] = []
    for part in header.split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            asked.append((-float(weight or 1), name.partition("-")[0].lower()))
        except ValueError:
            continue
    spoken = [
        language for _, short in sorted(asked, key=lambda one: one[0]) for language in LANGUAGES if language == short
    ]
    return spoken[0] if spoken else "en"


def label(key: str) -> Any:
    """A text that the browser shows in its own language; a component takes it for a string."""
    return TRANSLATIONS(key)


def in_all_languages(*keys: str) -> dict[str, dict[str, str]]:
    """Texts by language and key, for scripts of the page; their names are still to be filled in."""
    return {language: {key: _in(language, key) for key in keys} for language in LANGUAGES}


def _in(language: Language, key: str) -> str:
    return _TEXTS[key][LANGUAGES.index(language)]


def format_label(format: Format) -> Any:
    """What a format is called, in the browser's own language."""
    return label(_format_key(format))


def _format_key(format: Format) -> str:
    return f"format_{format.name}"


_TEXTS.update(
    {_format_key(one): tuple(one.titles.get(language, one.title) for language in LANGUAGES) for one in FORMATS.values()}
)
TRANSLATIONS: Final = gr.I18n(**in_all_languages(*_TEXTS))
