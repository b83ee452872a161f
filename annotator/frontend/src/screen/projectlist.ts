/** The sheet with every project: to open, make, rename, duplicate, put away, throw away and take back. */
import { linkTo } from "../document/address";
import type { WireProject, WireProjects } from "../document/projects";
import { freeName, sorted } from "../document/projects";
import type { ProjectsApi } from "../saving/projects";
import { t } from "../strings";
import { whileBusy } from "../widgets/busy";
import { confirmRemoval, dialog, openDialog } from "../widgets/dialogs";
import { button, h, setText } from "../widgets/dom";
import { openPopover } from "../widgets/popover";
import type { CardAction } from "./projectcard";
import { createBinned, createBroken, createCard, nameOf } from "./projectcard";
import { showPeople } from "./people";
import { askName } from "./projectname";
import { mayManage } from "./rights";

/** The page around the sheet. */
export interface ProjectsHost {
  readonly root: HTMLElement;
  readonly api: ProjectsApi;
  /** Of the project that is open. */
  readonly key: string;
  /** Where a project is opened. */
  address(id: string): string;
  go(id: string): Promise<void>;
  /** Something about projects has changed. */
  changed(): Promise<void>;
}

export async function showProjects(host: ProjectsHost): Promise<void> {
  const sheet = new ProjectSheet(host);
  await sheet.fill();
}

class ProjectSheet {
  private readonly sheet = dialog("an-projects", t("projects"));
  private readonly here = h("ul", { class: "an-cards" });
  private readonly away = section("projectsPutAway", h("ul", { class: "an-cards" }));
  private readonly bin = section("projectsBin", h("ul", { class: "an-binned-list" }));
  private readonly broken = h("ul", { class: "an-broken-list" });
  private readonly line = h("p", { class: "an-projects-line", role: "status" });
  private readonly body = h("div", { class: "an-projects-body", tabindex: "-1" });
  private readonly user = h("div", { class: "an-projects-user", hidden: true });
  private names: readonly string[] = [];

  constructor(private readonly host: ProjectsHost) {
    const make = button({ icon: "plus", text: t("projectNew"), class: "an-button is-primary", onClick: () => this.make() });
    const file = button({ icon: "folder", text: t("projectOpenFile"), class: "an-button", onClick: () => this.chooseFile() });
    const close = button({ icon: "cross", title: t("close"), class: "an-row-button", onClick: () => this.sheet.close() });
    close.dataset.always = "";
    const head = h("header", {}, h("h2", {}, t("projects")), h("div", { class: "an-projects-new" }, make, file), close);
    this.body.append(this.line, this.here, this.broken, this.away.element, this.bin.element);
    this.sheet.append(head, this.body, this.user);
    openDialog(host.root, this.sheet);
    close.focus();
  }

  async fill(): Promise<void> {
    try {
      this.render(await this.host.api.list());
    } catch (error) {
      this.fail(t("projectsFailed"), error);
    }
  }

  private render(list: WireProjects): void {
    const focused = document.activeElement?.closest<HTMLElement>("[data-project]")?.dataset.project;
    const { here, away, binned, broken } = sorted(list.projects);
    this.showUser(list);
    this.names = [...here, ...away].map(nameOf);
    const open = this.host.key;
    // The one that is open stands first: whatever else was used since, it is the one that a person looks for.
    const first = [...here].sort((a, b) => Number(b.key === open) - Number(a.key === open));
    this.here.replaceChildren(...first.map((project) => this.card(project, list)));
    this.away.show(away.length, away.map((project) => this.card(project, list)));
    if (here.length === 0) this.away.element.open = true;
    this.bin.show(binned.length, binned.map((project) => createBinned(project, this.binActions(project))));
    this.bin.note(t("projectsBinNote", { n: list.bin_days }));
    this.broken.replaceChildren(...broken.map(createBroken));
    this.broken.hidden = broken.length === 0;
    // The cards were made anew: the keys stay at the same project, or in the sheet where that went to a part that is folded.
    if (focused !== undefined) this.body.querySelector<HTMLElement>(`[data-project="${focused}"] button`)?.focus();
    if (document.activeElement === document.body) this.body.focus();
  }

  /** Signing out is a form, so that the browser leaves the page with it. */
  private showUser({ user, way_out: wayOut }: WireProjects): void {
    this.user.hidden = user === null;
    if (user === null) return;
    const out = h("form", { method: "post", action: wayOut }, h("button", { type: "submit", class: "an-button" }, t("signOut")));
    this.user.replaceChildren(h("span", {}, t("signedInAs", { name: user })), ...(wayOut === "" ? [] : [out]));
  }

  private card(project: WireProject, list: WireProjects): HTMLElement {
    const isOpen = project.key === this.host.key;
    return createCard({
      project,
      isOpen,
      address: this.host.address(project.id),
      open: () => (isOpen ? this.sheet.close() : void this.host.go(project.id)),
      actions: this.actions(project, list),
      showMenu: (anchor, label, actions) => this.showMenu(anchor, label, actions),
    });
  }

  private actions(project: WireProject, list: WireProjects): CardAction[] {
    const { api } = this.host;
    const { key, put_away: away } = project;
    const link = { text: t("projectLink"), run: () => this.showLink(project, list.shared) };
    // Of other projects the page does not know what somebody may do.
    const theirs = (...actions: readonly CardAction[]): readonly CardAction[] => (key === this.host.key && !mayManage() ? [] : actions);
    return [
      ...theirs({ text: t("projectRename"), run: () => this.rename(project) }, { text: t("projectDuplicate"), run: () => this.duplicate(project) }),
      list.signed_in ? { text: t("people"), run: () => showPeople(this.host.root, { key, name: nameOf(project), changed: () => void this.changed() }) } : link,
      ...theirs(
        { text: t("projectDownload"), run: () => download(api.archive(key)) },
        { text: t(away ? "projectTakeOut" : "projectPutAway"), run: () => void this.attempt(() => api.putAway(key, !away)) },
        { text: t("projectDelete"), run: () => void this.attempt(() => api.throwAway(key)) },
      ),
    ];
  }

  private binActions(project: WireProject): CardAction[] {
    const { api } = this.host;
    const back = { text: t("projectTakeBack"), run: () => void this.attempt(() => api.takeBack(project.key)) };
    return project.kept ? [back, { text: t("projectForGood"), run: () => void this.removeForGood(project) }] : [back];
  }

  private make(): void {
    askName(this.host.root, {
      title: t("projectNewTitle"),
      agree: t("projectCreate"),
      name: "",
      taken: this.names,
      then: async (name) => this.host.go((await this.host.api.make(name)).id),
    });
  }

  private rename(project: WireProject): void {
    const name = nameOf(project);
    askName(this.host.root, {
      title: t("projectRenameTitle"),
      agree: t("projectRenameAgree"),
      name,
      taken: this.names.filter((other) => other !== name),
      then: async (chosen) => {
        await this.host.api.rename(project.key, chosen);
        await this.changed();
      },
    });
  }

  private duplicate(project: WireProject): void {
    askName(this.host.root, {
      title: t("projectDuplicateTitle"),
      agree: t("projectDuplicateAgree"),
      name: freeName(t("projectCopyOf", { name: nameOf(project) }), this.names),
      taken: this.names,
      then: async (name) => this.host.go((await this.host.api.duplicate(project.key, name)).id),
    });
  }

  private async removeForGood(project: WireProject): Promise<void> {
    const body = t("projectForGoodBody", { name: nameOf(project), n: project.images });
    const agreed = await confirmRemoval(this.host.root, t("projectForGoodTitle"), body, t("projectForGood"));
    if (agreed) await this.attempt(() => this.host.api.remove(project.key));
  }

  private showLink(project: WireProject, shared: boolean): void {
    const sheet = dialog("an-question", t("projectLinkTitle"));
    const relative = linkTo({ project: project.id, image: null, instance: null }, shared ? project.key : null);
    const field = h("input", { class: "an-input", type: "text", readonly: true, "aria-label": t("projectLinkTitle"), value: `${location.origin}${location.pathname}${relative}` });
    const done = h("p", { role: "status" });
    // A page of plain http may not write there: the link is marked all the same.
    const copy = (): void => {
      field.select();
      void navigator.clipboard?.writeText(field.value).then(() => setText(done, t("projectLinkCopied")), () => {});
    };
    const yes = button({ text: t("projectLinkCopy"), class: "an-button is-primary", onClick: copy });
    const close = button({ text: t("close"), class: "an-button", onClick: () => sheet.close() });
    sheet.append(h("h2", {}, t("projectLinkTitle")), h("p", {}, t(shared ? "projectLinkShared" : "projectLinkHere")), field, done, h("div", { class: "an-pair" }, close, yes));
    openDialog(this.host.root, sheet);
    field.focus();
    field.select();
  }

  private showMenu(anchor: Element, label: string, actions: readonly CardAction[]): void {
    const items = actions.map(({ text, run }) => {
      const item = h("button", { type: "button", class: "an-menu-item", role: "menuitem" }, h("span", {}, text));
      item.addEventListener("click", () => {
        popover.close();
        run();
      });
      return item;
    });
    const popover = openPopover(this.sheet, anchor, { class: "an-menu an-project-menu", label }, h("div", { role: "menu", "aria-label": label }, ...items));
    popover.element.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const at = items.indexOf(document.activeElement as HTMLButtonElement);
      items[(at + step + items.length) % items.length].focus();
    });
    items[0].focus();
  }

  private chooseFile(): void {
    const picker = h("input", { type: "file", accept: ".zip,application/zip", hidden: true });
    picker.addEventListener("change", () => {
      const file = picker.files?.[0];
      picker.remove();
      if (file !== undefined) void this.openFile(file);
    });
    this.sheet.append(picker);
    picker.click();
  }

  private async openFile(file: File): Promise<void> {
    try {
      const sent = (share: number): void => this.say(share < 1 ? t("projectSending", { n: Math.floor(100 * share) }) : t("projectOpening"));
      sent(0);
      const made = await this.host.api.open(file, sent);
      await this.host.go(made.id);
    } catch (error) {
      this.fail(t("projectFileFailed"), error);
    }
  }

  private async attempt(work: () => Promise<unknown>): Promise<void> {
    await whileBusy(this.sheet, async () => {
      try {
        await work();
        this.say("");
      } catch (error) {
        this.fail(t("projectFailed"), error);
      }
      await this.changed();
    });
  }

  private async changed(): Promise<void> {
    await Promise.all([this.host.changed(), this.fill()]);
  }

  private say(text: string): void {
    this.line.classList.remove("is-bad");
    setText(this.line, text);
  }

  private fail(text: string, error: unknown): void {
    this.line.classList.add("is-bad");
    setText(this.line, `${text}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What is folded in until somebody wants to see it, and not there while it is empty. */
function section(title: "projectsPutAway" | "projectsBin", list: HTMLElement): {
  readonly element: HTMLDetailsElement;
  readonly show: (count: number, items: readonly HTMLElement[]) => void;
  readonly note: (text: string) => void;
} {
  const [summary, note] = [h("summary", {}), h("p", { hidden: true })];
  const element = h("details", { class: "an-projects-section" }, summary, note, list);
  return {
    element,
    show: (count, items) => {
      element.hidden = count === 0;
      setText(summary, t(title, { n: count }));
      list.replaceChildren(...items);
    },
    note: (text) => {
      note.hidden = false;
      setText(note, text);
    },
  };
}

function download(address: string): void {
  const link = h("a", { href: address, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}
