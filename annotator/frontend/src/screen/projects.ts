/** The open project at the left of the page's header: its name, its place in the window's title, the way to all others. */
import { addressOf } from "../document/address";
import type { WireDescription } from "../document/projects";
import { isWithoutProject } from "../saving/errors";
import { ProjectsApi } from "../saving/projects";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import { icon } from "../widgets/icons";
import type { ProjectsHost } from "./projectlist";
import { showProjects } from "./projectlist";

const CHANNEL = "annotator-projects";
const APPLICATION = "Annotator";
/** How often a page that is seen asks whether another browser has renamed its project, or thrown it away. */
const LOOK_MS = 4000;
/** Of what stands over the page: below the tabs. */
const LEAST_TOP = 54;

export interface ProjectsOptions {
  readonly key: string;
  readonly id: string;
  readonly name: string;
  /** The page's address names another project, which cannot be opened. */
  readonly lost: boolean;
  /** Resolves when the page may be left. */
  readonly leave: () => Promise<void>;
}

export class ProjectsHeader implements ProjectsHost {
  /** Beside the editor, which is not shown on other tabs of the page. */
  readonly root = h("div", { class: "annotator is-bare" });
  readonly api: ProjectsApi;
  readonly key: string;
  private name: string;
  private lost: boolean;
  private picture: string | null = null;
  private readonly label = h("span", { class: "an-project-name" });
  private readonly state = h("div", { class: "an-project-state", role: "alert", hidden: true });
  private readonly channel = openChannel();
  private readonly stops: (() => void)[] = [];
  private readonly untilTools = new MutationObserver(() => this.place());

  constructor(private readonly options: ProjectsOptions) {
    this.key = options.key;
    this.api = new ProjectsApi(options.key);
    this.name = options.name;
    this.lost = options.lost;
    const open = button({ title: t("projects"), class: "an-project", onClick: () => void showProjects(this) });
    open.append(icon("folder"), this.label, icon("chevron"));
    this.root.append(open, this.state);
    this.show({ id: options.id, name: options.name, binned: false });
    const look = (): void => void this.look();
    const seen = (): void => {
      if (!document.hidden) look();
    };
    window.addEventListener("focus", look);
    document.addEventListener("visibilitychange", seen);
    this.channel?.addEventListener("message", look);
    const timer = window.setInterval(seen, LOOK_MS);
    this.stops.push(() => clearInterval(timer));
    this.stops.push(() => window.removeEventListener("focus", look));
    this.stops.push(() => document.removeEventListener("visibilitychange", seen));
    const place = (): void => this.place();
    window.addEventListener("resize", place);
    this.stops.push(() => window.removeEventListener("resize", place));
    this.stops.push(() => this.untilTools.disconnect());
    look();
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.channel?.close();
    this.root.remove();
  }

  showPicture(picture: string | null): void {
    this.picture = picture;
    this.entitle();
  }

  /** Where a project is opened; what else the address says of this page, its colours say, goes along. */
  address(id: string): string {
    return addressOf({ project: id, image: null, instance: null }, location.search, location.hash);
  }

  /** Opens a project in this page, once its last gestures are saved. */
  async go(id: string): Promise<void> {
    await this.options.leave();
    // Browsers keep a page as it was left, and Back would show it below the list of projects.
    for (const sheet of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) sheet.close();
    location.assign(this.address(id));
  }

  /** Something about projects has changed: this page and the browser's others look again. */
  async changed(): Promise<void> {
    this.channel?.postMessage("changed");
    await this.look();
  }

  /** Another tab, or another person, may have renamed this project, or thrown it away. */
  private async look(): Promise<void> {
    this.place();
    try {
      this.show(await this.api.describe());
    } catch (error) {
      // A server that cannot be reached is the saver's to tell.
      if (isWithoutProject(error)) this.tell(t("projectGone"));
    }
  }

  private show({ name, binned }: WireDescription): void {
    this.name = name === "" ? t("projectUnnamed") : name;
    setText(this.label, this.name);
    this.label.title = this.name;
    this.entitle();
    const takeBack = (): void => void this.api.takeBack(this.key).then(() => this.changed(), () => {});
    const dismiss = (): void => {
      this.lost = false;
      this.state.hidden = true;
    };
    if (binned) this.tell(t("projectBinned"), button({ text: t("projectTakeBack"), class: "an-button", onClick: takeBack }));
    else if (this.lost) this.tell(t("projectLost"), button({ icon: "cross", title: t("dismiss"), class: "an-row-button", onClick: dismiss }));
    else this.state.hidden = true;
  }

  /** What stands over the page, also where it is empty, and what can be done about it. */
  private tell(text: string, ...answers: readonly HTMLElement[]): void {
    // Said anew, it would be read out again.
    if (!this.state.hidden && this.state.firstElementChild?.textContent === text) return;
    this.state.replaceChildren(h("span", {}, text), ...answers);
    this.state.hidden = false;
    this.place();
  }

  /** Below the tools where there are any: none of them is covered. */
  private place(): void {
    const tools = document.querySelector<HTMLElement>(".an-toolbar");
    // The header may be there before the editor.
    if (tools === null) this.untilTools.observe(document.body, { childList: true, subtree: true });
    else this.untilTools.disconnect();
    const below = tools === null || tools.offsetParent === null ? 0 : tools.getBoundingClientRect().bottom;
    this.state.style.top = `${Math.max(LEAST_TOP, below + 6)}px`;
  }

  private entitle(): void {
    document.title = [...(this.picture === null ? [] : [this.picture]), this.name, APPLICATION].join(" · ");
  }
}

function openChannel(): BroadcastChannel | null {
  try {
    return new BroadcastChannel(CHANNEL);
  } catch {
    return null;
  }
}
