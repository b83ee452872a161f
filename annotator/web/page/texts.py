"""What the page says around the editor, in the editor's languages (frontend/src/strings). `{name}` is filled in.

Labels are laid out once for everybody and translated in the browser, by Gradio; what an event answers is in the
language of whoever asked. Reports and errors of the core stay in English, as on the command line.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import gradio as gr

Language = Literal["en", "de", "es", "zh"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "de", "es", "zh")

_TEXTS: Final[dict[str, tuple[str, ...]]] = {
    "annotate": ("Annotate", "Annotieren", "Anotar", "标注"),
    "export": ("Export", "Export", "Exportar", "导出"),
    "insight": ("Insight", "Auswertung", "Análisis", "统计"),
    "models": ("Models", "Modelle", "Modelos", "模型"),
    "model": ("Model", "Modell", "Modelo", "模型"),
    "two_networks": (
        "two networks, one review",
        "zwei Netze, eine Durchsicht",
        "dos redes, una revisión",
        "两个网络，一次审核",
    ),
    "cancel": ("Cancel", "Abbrechen", "Cancelar", "取消"),
    "retry": (
        "Try the failed ones again",
        "Fehlgeschlagene erneut versuchen",
        "Reintentar las fallidas",
        "重试失败的图片",
    ),
    "prelabel_one": ("Pre-label picture", "Vorschläge fürs Bild", "Sugerencias aquí", "预标注此图"),
    "prelabel_all": ("Pre-label all", "Vorschläge für alle", "Sugerencias en todas", "预标注全部"),
    "prelabel_again": ("All again", "Alle noch einmal", "Todas otra vez", "全部重新预标注"),
    "all_prelabelled": (
        "{model} has seen all {n} pictures.",
        "{model} kennt schon alle {n} Bilder.",
        "{model} ya vio las {n} imágenes.",
        "{model} 已预标注全部 {n} 张图片。",
    ),
    "skipped": (
        "{n} were pre-labelled before.",
        "{n} hatten schon Vorschläge.",
        "{n} ya tenían sugerencias.",
        "{n} 张此前已预标注。",
    ),
    "left_moments": (
        "less than a minute left",
        "noch unter einer Minute",
        "queda menos de un minuto",
        "剩余不到 1 分钟",
    ),
    "left_minutes": ("about {n} minutes left", "noch etwa {n} Minuten", "quedan unos {n} minutos", "约剩 {n} 分钟"),
    "left_hours": (
        "about {hours} h {minutes} min left",
        "noch etwa {hours} h {minutes} min",
        "quedan unas {hours} h {minutes} min",
        "约剩 {hours} 小时 {minutes} 分钟",
    ),
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
    "waiting": ("Waiting for the model…", "Wartet auf das Modell…", "Esperando el modelo…", "正在等待模型…"),
    "turns": (
        "{n} batches take turns",
        "{n} Durchläufe wechseln sich ab",
        "{n} lotes se turnan",
        "{n} 个批次轮流进行",
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
        "Lädt {name} herunter: {done} von {total}",
        "Descargando {name}: {done} de {total}",
        "正在下载 {name}：{done} / {total}",
    ),
    "classes": (
        "{n} categories",
        "{n} Kategorien",
        "{n} categorías",
        "{n} 个类别",
    ),
    "ready": ("ready", "bereit", "listo", "就绪"),
    "served": ("on a server", "auf einem Server", "en un servidor", "在服务器上"),
    "fetches_once": ("fetches {size} once", "lädt einmalig {size}", "descarga {size} una vez", "首次使用时下载 {size}"),
    "forgets": (
        "Kept only until a restart: download the project.",
        "Bleibt nur bis zum Neustart: Projekt herunterladen.",
        "Solo dura hasta el reinicio: descargue el proyecto.",
        "仅保留到重启前：请下载项目。",
    ),
    "project_intro": (
        "### The whole project\nPictures, suggestions and every decision in one file. Opened here or on another "
        "computer, it becomes a new project.",
        "### Das ganze Projekt\nBilder, Vorschläge und alle Entscheidungen in einer Datei. Hier oder auf einem "
        "anderen Rechner geöffnet, wird sie zu einem neuen Projekt.",
        "### El proyecto entero\nImágenes, sugerencias y todas las decisiones en un archivo. Al abrirlo, aquí o en "
        "otro ordenador, se crea un proyecto nuevo.",
        "### 整个项目\n图片、建议和所有决定都保存在一个文件中。在此处或另一台计算机上打开，即成为一个新项目。",
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
        "## Models\nThe bundled model works at once. The others are fetched once, checked by size and SHA-384, and "
        "kept.",
        "## Modelle\nDas mitgelieferte Modell ist sofort einsatzbereit. Die anderen werden einmal heruntergeladen, "
        "anhand von Größe und SHA-384 geprüft und bleiben gespeichert.",
        "## Modelos\nEl modelo incluido funciona al momento. Los demás se descargan una sola vez, se comprueban "
        "por tamaño y SHA-384 y quedan guardados.",
        "## 模型\n内置模型可立即使用。其他模型只需下载一次，按大小和 SHA-384 校验后保留在本机。",
    ),
    "fetch": ("Fetch ({size})", "Herunterladen ({size})", "Descargar ({size})", "下载（{size}）"),
    "use": ("Use it", "Verwenden", "Usar", "使用"),
    "detects": ("detects: {what}", "erkennt: {what}", "detecta: {what}", "检测：{what}"),
    "boxes_alone": (
        "boxes, no masks",
        "Rahmen, keine Masken",
        "recuadros, sin máscaras",
        "只有框，没有掩码",
    ),
    "answers_clicks": (
        "answers clicks and boxes",
        "antwortet auf Klicks und Rahmen",
        "responde a clics y recuadros",
        "回应点击和框",
    ),
    "is_asked": (
        "answers clicks and boxes; the tool that points asks it",
        "antwortet auf Klicks und Rahmen; das Werkzeug zum Zeigen fragt es",
        "responde a clics y recuadros; la herramienta de señalar la usa",
        "回应点击和框；点选工具使用它",
    ),
    "about_starter-click": (
        "Any object from a click or a box. Bundled, works offline at once; 3.6 M parameters; coarser than SAM's.",
        "Jedes Objekt durch einen Klick oder Rahmen. Mitgeliefert, läuft sofort und ohne Netz; 3,6 Mio. Parameter; "
        "gröber als SAM.",
        "Cualquier objeto con un clic o un recuadro. Incluido, funciona sin conexión; 3,6 M de parámetros; menos "
        "preciso que SAM.",
        "点击或画框即可得到任何对象。内置模型，可离线使用；360 万参数；比 SAM 粗略。",
    ),
    "about_mobile-sam": (
        "Any object from a click or a box. About a second a picture on two processor cores, then each click at once.",
        "Jedes Objekt durch einen Klick oder Rahmen. Etwa eine Sekunde je Bild auf zwei Prozessorkernen, dann jeder "
        "Klick sofort.",
        "Cualquier objeto con un clic o un recuadro. Un segundo por imagen en dos núcleos; después, cada clic al "
        "instante.",
        "点击或画框即可得到任何对象。双核处理器上每张图片约一秒，之后每次点击立即回应。",
    ),
    "about_sam2.1-tiny": (
        "Any object from a click or a box, with finer outlines. Several seconds a picture on two processor cores.",
        "Jedes Objekt durch einen Klick oder Rahmen, mit feineren Umrissen. Mehrere Sekunden je Bild auf zwei "
        "Prozessorkernen.",
        "Cualquier objeto con un clic o un recuadro, con contornos más finos. Varios segundos por imagen en dos "
        "núcleos.",
        "点击或画框即可得到任何对象，轮廓更精细。双核处理器上每张图片需数秒。",
    ),
    "default_threshold": (
        "default threshold {threshold}",
        "übliche Schwelle {threshold}",
        "umbral inicial {threshold}",
        "默认阈值 {threshold}",
    ),
    "here": ("✓ ready", "✓ bereit", "✓ listo", "✓ 就绪"),
    "server_ready": (
        "✓ on a server, which is ready",
        "✓ auf einem Server, der bereit ist",
        "✓ en un servidor, que está listo",
        "✓ 在服务器上，已就绪",
    ),
    "server_silent": (
        "✗ on a server that does not answer",
        "✗ auf einem Server, der nicht antwortet",
        "✗ en un servidor que no responde",
        "✗ 在服务器上，服务器没有响应",
    ),
    "fetched": (
        "{name} is here and verified.",
        "{name} ist heruntergeladen und geprüft.",
        "{name} está descargado y comprobado.",
        "{name} 已下载并通过校验。",
    ),
    "about_starter-person": (
        "People. Bundled, works offline at once; 2.8 M parameters, masks of 28 x 28; weaker than the other two.",
        "Personen. Mitgeliefert, läuft sofort und ohne Netz; 2,8 Mio. Parameter, Masken mit 28 x 28; schwächer als "
        "die beiden anderen.",
        "Personas. Incluido, funciona sin conexión; 2,8 M de parámetros, máscaras de 28 x 28; menos preciso que "
        "los otros dos.",
        "人物。内置模型，可离线使用；280 万参数，掩码 28 x 28；弱于另外两个模型。",
    ),
    "about_person-0007": (
        "People. Light and fast (4.85 GFLOPs), at most 10 a picture; fine masks of 224 x 224.",
        "Personen. Klein und schnell (4,85 GFLOPs), höchstens 10 je Bild; feine Masken mit 224 x 224.",
        "Personas. Ligero y rápido (4,85 GFLOPs), hasta 10 por imagen; máscaras finas de 224 x 224.",
        "人物。轻量快速（4.85 GFLOPs），每张图片最多 10 人；精细掩码 224 x 224。",
    ),
    "about_security-0002": (
        "The 80 classes of COCO. Strong and heavy (423 GFLOPs), at most 100 objects a picture; masks of 28 x 28.",
        "Die 80 COCO-Klassen. Stark, aber rechenintensiv (423 GFLOPs), höchstens 100 Objekte je Bild; Masken mit "
        "28 x 28.",
        "Las 80 clases de COCO. Potente y pesado (423 GFLOPs), hasta 100 objetos por imagen; máscaras de 28 x 28.",
        "COCO 的 80 个类别。精度高、计算量大（423 GFLOPs），每张图片最多 100 个对象；掩码 28 x 28。",
    ),
}

_OF_ONE: Final[dict[str, tuple[str, ...]]] = {
    "all_prelabelled": (
        "{model} has seen the picture.",
        "{model} kennt das Bild schon.",
        "{model} ya vio la imagen.",
        "{model} 已预标注这张图片。",
    ),
    "skipped": (
        "{n} was pre-labelled before.",
        "{n} hatte schon Vorschläge.",
        "{n} ya tenía sugerencias.",
        "{n} 张此前已预标注。",
    ),
    "left_minutes": ("about a minute left", "noch etwa eine Minute", "queda un minuto", "约剩 1 分钟"),
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


def translated(key: str, english: str, language: Language) -> str:
    """A text that somebody may have written anew: in a language while the page's own English still says the same."""
    return say(key, language) if key in _TEXTS and _TEXTS[key][0] == english else english


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


TRANSLATIONS: Final = gr.I18n(**in_all_languages(*_TEXTS))
