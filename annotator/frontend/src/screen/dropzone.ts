/** Ways in for photographs: drop, paste, choose files or a folder, and the bundled example. */
import { isShown } from "../commands/keyboard";
import { belongsToField, keyValues } from "../commands/keys";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import { icon } from "../widgets/icons";
import type { NamedFile } from "./filekinds";
import { mayManage, whyNot } from "./rights";
import { filesOfDrop, filesOfInput } from "./upload";

export interface DropZoneOptions {
  readonly root: HTMLElement;
  readonly add: (files: readonly NamedFile[]) => void;
  readonly addExample: () => void;
  /** A paste without files: instances that were copied. */
  readonly pasteInstances: () => void;
}

export class DropZone {
  /** What an empty project shows. */
  readonly element: HTMLElement;
  private readonly files = h("input", { type: "file", multiple: true, accept: "image/*,.tif,.tiff,.heic,.avif,.jpe,.jfif,.ppm,.pgm,.pbm,.pnm,.json", hidden: true, "data-choose": "files" });
  private readonly folder = h("input", { type: "file", multiple: true, webkitdirectory: true, hidden: true, "data-choose": "folder" });
  /** Shown while files are dragged over the editor. */
  readonly overlay: HTMLElement;
  private readonly stopListening: () => void;
  private depth = 0;

  constructor(private readonly options: DropZoneOptions) {
    const ways = h(
      "div",
      { class: "an-empty-ways" },
      button({ icon: "images", text: t("addFiles"), class: "an-button is-large is-primary", onClick: () => this.chooseFiles() }),
      button({ icon: "folder", text: t("addFolder"), class: "an-button is-large", onClick: () => this.chooseFolder() }),
      button({ text: t("tryExample"), class: "an-button is-large", onClick: options.addExample }),
    );
    const steps = h("ol", { class: "an-empty-steps" }, ...(["firstAdd", "firstReview", "firstExport"] as const).map((step) => h("li", {}, t(step, keyValues()))));
    const card = h("div", { class: "an-empty-card" }, icon("images"), h("h2", {}, t("dropTitle")), h("p", {}, t("dropBody")), ways, whyNot(), h("small", {}, t("dropHint")), steps);
    this.element = h("section", { class: "an-empty" }, card, this.files, this.folder);
    this.overlay = h("div", { class: "an-drop-overlay", hidden: true }, icon("images"), h("span", {}, t("dropOverlay")));
    for (const input of [this.files, this.folder]) {
      input.addEventListener("change", () => {
        this.add(filesOfInput(input));
        input.value = "";
      });
    }
    this.listenToDrops();
    const onPaste = (event: ClipboardEvent): void => this.paste(event);
    document.addEventListener("paste", onPaste);
    this.stopListening = () => document.removeEventListener("paste", onPaste);
  }

  chooseFiles(): void {
    this.files.click();
  }

  chooseFolder(): void {
    this.folder.click();
  }

  /** Nothing is sent that the server would refuse: the overlay has said so. */
  private add(files: readonly NamedFile[]): void {
    if (mayManage()) this.options.add(files);
  }

  destroy(): void {
    this.stopListening();
  }

  private listenToDrops(): void {
    const { root } = this.options;
    const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
    const show = (on: boolean): void => {
      this.depth = on ? this.depth : 0;
      setText(this.overlay.lastElementChild!, t(mayManage() ? "dropOverlay" : "peopleOnlyManage"));
      this.overlay.hidden = !on;
    };
    root.addEventListener("dragenter", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.depth++;
      show(true);
    });
    root.addEventListener("dragover", (event) => {
      if (carriesFiles(event)) event.preventDefault();
    });
    root.addEventListener("dragleave", (event) => {
      // Entering a child leaves its parent: only the last leave counts.
      if (carriesFiles(event) && --this.depth <= 0) show(false);
    });
    root.addEventListener("drop", (event) => {
      show(false);
      if (event.dataTransfer === null || !carriesFiles(event)) return;
      event.preventDefault();
      void filesOfDrop(event.dataTransfer).then((files) => this.add(files));
    });
  }

  private paste(event: ClipboardEvent): void {
    if (!isShown(this.options.root) || belongsToField(event.target instanceof Element ? event.target : null, "v")) return;
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return this.options.pasteInstances();
    event.preventDefault();
    this.add(files.map((file) => ({ name: file.name || "pasted.png", file })));
  }
}
