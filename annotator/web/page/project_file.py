"""The part of the page that hands out the whole project as one file, and opens such a file. The browser does the work:
neither way goes through Gradio, whose uploads are closed.
"""

from __future__ import annotations

import json

import gradio as gr

from annotator.web.page.texts import in_all_languages, label

# A line may hold a name from a file: it is put in as text.
_SAY = """const say = (text, bad) => {
    const line = document.createElement("div");
    line.className = "annotator-progress";
    const span = document.createElement("span");
    span.setAttribute("role", bad ? "alert" : "status");
    if (bad) span.className = "bad";
    span.textContent = text;
    line.append(span);
    document.querySelector("#project-file-report").replaceChildren(line);
  };"""

# A browser says nothing of a download that is refused: whether it will be is asked first.
_DOWNLOAD = """async (key) => {
  SAY
  const address = "annotator/" + encodeURIComponent(key) + "/archive";
  const answer = await fetch(address + "/check").catch(() => null);
  if (answer && !answer.ok) {
    const { error } = await answer.json().catch(() => ({}));
    return say(typeof error === "string" ? error : "HTTP " + answer.status, true);
  }
  document.querySelector("#project-file-report").replaceChildren();
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}""".replace("SAY", _SAY)

_OPEN = """(key) => {
  const tables = TEXTS;
  const spoken = navigator.languages.map((one) => one.toLowerCase().split("-")[0]).find((one) => one in tables);
  const texts = tables[spoken || "en"];
  SAY
  const picker = document.createElement("input");
  picker.type = "file";
  picker.accept = ".zip,application/zip";
  picker.id = "project-file-picker";
  picker.hidden = true;
  picker.addEventListener("change", () => {
    const file = picker.files[0];
    picker.remove();
    if (!file) return;
    const call = new XMLHttpRequest();
    const address = "annotator/" + encodeURIComponent(key) + "/archive";
    let asking = 0;
    const tell = async () => {
      const { percent } = await (await fetch(address + "/progress")).json();
      if (asking && percent !== null) say(texts.opening + " " + percent + " %");
    };
    call.open("POST", address);
    call.upload.onprogress = (event) =>
      say(event.loaded < event.total
        ? texts.sending.replace("{n}", Math.floor(100 * event.loaded / event.total))
        : texts.opening);
    call.upload.onload = () => { asking = setInterval(() => tell().catch(() => {}), 1000); };
    call.onloadend = () => { clearInterval(asking); asking = 0; };
    call.onerror = () => say(texts.unreachable, true);
    call.onload = () => {
      let answer = {};
      try { answer = JSON.parse(call.responseText); } catch { }
      if (call.status === 200 && typeof answer.key === "string") {
        window.annotatorKey.keep(answer.key);
        location.assign("?project=" + answer.id + location.hash);
      } else {
        say(typeof answer.error === "string" ? answer.error : "HTTP " + call.status, true);
      }
    };
    call.send(file);
  });
  document.body.append(picker);
  picker.click();
}""".replace("SAY", _SAY).replace("TEXTS", json.dumps(in_all_languages("sending", "opening", "unreachable")))


def build_project_file(key: gr.Textbox) -> None:
    """Lay it out here. key: the page's hidden box with the project's key."""
    gr.Markdown(label("project_intro"))
    with gr.Row():
        download = gr.Button(label("project_download"), elem_id="download-project")
        unpack = gr.Button(label("project_open"), elem_id="open-project")
    gr.HTML("", elem_id="project-file-report", elem_classes="annotator-says", js_on_load=None)
    download.click(None, [key], None, js=_DOWNLOAD)
    unpack.click(None, [key], None, js=_OPEN)
