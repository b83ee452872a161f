"""The part of the page that hands out the whole project as one file, and opens such a file. The browser does the work:
neither way goes through Gradio, whose uploads are closed.
"""

from __future__ import annotations

import gradio as gr

_DOWNLOAD = """(key) => {
  const link = document.createElement("a");
  link.href = "annotator/" + encodeURIComponent(key) + "/archive";
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}"""

# The answer's line may hold a name from the file: it is put in as text.
_OPEN = """(key) => {
  const say = (text, bad) => {
    const line = document.createElement("div");
    line.className = "annotator-progress";
    const span = document.createElement("span");
    span.setAttribute("role", bad ? "alert" : "status");
    if (bad) span.className = "bad";
    span.textContent = text;
    line.append(span);
    document.querySelector("#project-file-report").replaceChildren(line);
  };
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
    call.open("POST", "annotator/" + encodeURIComponent(key) + "/archive");
    call.upload.onprogress = (event) =>
      say(event.loaded < event.total
        ? "Sending " + Math.floor(100 * event.loaded / event.total) + " %"
        : "Checking and opening…");
    call.onerror = () => say("The server could not be reached; nothing was changed.", true);
    call.onload = () => {
      let answer = {};
      try { answer = JSON.parse(call.responseText); } catch { }
      if (call.status === 200 && typeof answer.key === "string") {
        localStorage.setItem("annotator.project", answer.key);
        location.reload();
      } else {
        say(typeof answer.error === "string" ? answer.error : "HTTP " + call.status, true);
      }
    };
    call.send(file);
  });
  document.body.append(picker);
  picker.click();
}"""


def build_project_file(key: gr.Textbox) -> None:
    """Lay it out here. key: the page's hidden box with the project's key."""
    gr.Markdown(
        "## The whole project\nPictures, suggestions and every decision as one file, which opens again here or on "
        "another computer, in a project that is empty (on a Space: in a new one of yours)."
    )
    with gr.Row():
        download = gr.Button("Download project", elem_id="download-project")
        unpack = gr.Button("Open project file…", elem_id="open-project")
    gr.HTML("", elem_id="project-file-report", js_on_load=None)
    download.click(None, [key], None, js=_DOWNLOAD)
    unpack.click(None, [key], None, js=_OPEN)
