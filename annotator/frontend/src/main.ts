/** Mounts editors into Gradio components; the only file that knows Gradio. */
import type { PageValue } from "./document/protocol";
import { openShelf } from "./saving/shelf";
import { Editor } from "./screen/editor";
import { ExportTab } from "./screen/exporttab";
import { ProjectsHeader } from "./screen/projects";
import "./screen/editor.css";
import { followRole } from "./screen/rights";
import { followTheme } from "./screen/theme";
import { setLanguage } from "./strings";
import { h } from "./widgets/dom";

/** What `js_on_load` of the component hands over (annotator/web/page/editor.py). */
interface Mount {
  readonly element: HTMLElement;
  readonly props: { readonly value: unknown };
  readonly watch: (name: string, changed: () => void) => void;
}

declare global {
  interface Window {
    /** A list until this script has run, so that a component may be mounted before or after. */
    annotatorMounts?: { push(mount: Mount): unknown };
    annotator?: {
      imageId(): number | null;
      refresh(): Promise<void>;
      threshold(): number;
      /** The page's tab that tells what the decisions add up to was opened (annotator/web/page/app.py). */
      showStatistics(): void;
      /** The page's tab Export is there, or was opened again. */
      showExport(): void;
      /** What was picked last to be pre-labelled: a hidden button of the page asks for it. */
      picked(): readonly number[];
    };
  }
}

function mount({ element, props, watch }: Mount): void {
  const root = element.querySelector<HTMLElement>(".annotator") ?? element;
  let editor: Editor | null = null;
  let exports: ExportTab | null = null;
  let header: ProjectsHeader | null = null;
  const load = (): void => {
    const value = parse(props.value);
    if (value === null) return;
    if (editor?.opened.project === value.project) return void editor.refresh();
    editor?.destroy();
    exports?.destroy();
    header?.destroy();
    header = projectsHeader(value, () => editor);
    let picked: readonly number[] = [];
    editor = new Editor(root, value, {
      openModels: () => press("open-models"),
      onTitle: (picture) => header?.showPicture(picture),
      prelabel: (ids) => {
        picked = ids;
        press("prelabel-picked");
      },
      exportOnly: (meant) => {
        void exports?.exportOnly(meant);
        press("open-export");
      },
    });
    const { session } = editor;
    void followRole(value.project);
    exports = new ExportTab({ api: editor.api, shelf: openShelf(), language, threshold: () => session.view.get().threshold });
    window.annotator = {
      imageId: () => session.imageId(),
      refresh: () => editor!.refresh(),
      threshold: () => session.view.get().threshold,
      showStatistics: () => showStatistics(editor!),
      showExport: () => showExport(exports!),
      picked: () => picked,
    };
    // A tab that was opened before this script had come.
    showExport(exports);
    showStatistics(editor);
  };
  root.lang = language;
  followTheme(root);
  fillWindow(root);
  watch("value", load);
  load();
  // Gradio has no hook for the end of a component: once its element has left the page, the editor goes too.
  const observer = new MutationObserver(() => {
    if (root.isConnected) return;
    observer.disconnect();
    editor?.destroy();
  });
  observer.observe(document.body, { childList: true, subtree: true });
}

function showStatistics(editor: Editor): void {
  const stats = h("div", { class: "an-stats" });
  if (!put("#statistics", stats)) return;
  void editor.showStatistics(stats);
}

function showExport(exports: ExportTab): void {
  if (put("#export-form", exports.form) && put("#export-side", exports.side)) void exports.show();
}

/** Puts an element into a place of the page, in the editor's own look; false where the place is not there. */
function put(selector: string, element: HTMLElement): boolean {
  const place = document.querySelector<HTMLElement>(selector);
  if (place === null) return false;
  if (place.contains(element)) return true;
  const root = h("div", { class: "annotator is-bare" }, element);
  followTheme(root);
  root.lang = language;
  place.replaceChildren(root);
  return true;
}

/** Presses a hidden button of the page. */
function press(id: string): void {
  document.getElementById(id)?.click();
}

/** The open project's name at the left of the page's header, where there is one (annotator/web/page/app.py). */
function projectsHeader(value: PageValue, editor: () => Editor | null): ProjectsHeader | null {
  const place = document.querySelector<HTMLElement>("#project-name");
  if (place === null || value.id === undefined) return null;
  const leave = async (): Promise<void> => editor()?.saved();
  const header = new ProjectsHeader({ key: value.project, id: value.id, name: value.name ?? "", lost: value.lost === true, leave });
  followTheme(header.root);
  header.root.lang = language;
  place.replaceChildren(header.root);
  return header;
}

function parse(value: unknown): PageValue | null {
  if (typeof value !== "string" || value === "") return null;
  try {
    const page = JSON.parse(value) as PageValue;
    return typeof page.project === "string" ? page : null;
  } catch {
    return null;
  }
}

/** px, of the editor; in a lower window the page scrolls. */
const LEAST_HEIGHT = 280;

/** As high as the window leaves room for, so that the page does not scroll. */
function fillWindow(root: HTMLElement): void {
  const fit = (): void => {
    if (root.offsetParent === null) return;
    let below = 0;
    for (let node: HTMLElement | null = root.parentElement; node !== null && node !== document.body; node = node.parentElement) {
      const style = getComputedStyle(node);
      below += parseFloat(style.paddingBottom) + parseFloat(style.borderBottomWidth) + parseFloat(style.marginBottom);
    }
    const top = root.getBoundingClientRect().top + window.scrollY;
    root.style.height = `${Math.max(LEAST_HEIGHT, Math.floor(window.innerHeight - top - (Number.isFinite(below) ? below : 0)))}px`;
  };
  window.addEventListener("resize", fit);
  // A tab that is opened, or something above that grows, moves the editor without a resize of the window.
  new ResizeObserver(fit).observe(document.body);
  new IntersectionObserver(fit).observe(root);
  fit();
}

const language = setLanguage(navigator.languages);
const waiting = window.annotatorMounts;
window.annotatorMounts = { push: mount };
if (Array.isArray(waiting)) for (const one of waiting as Mount[]) mount(one);
