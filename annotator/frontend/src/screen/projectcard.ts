/** One project of the list: thumbnails, counts, progress, and what can be done to it. */
import type { BrokenProject, WireProject } from "../document/projects";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import type { IconName } from "../widgets/icons";
import { icon } from "../widgets/icons";

export interface CardAction {
  readonly text: string;
  readonly run: () => void;
}

export interface CardOptions {
  readonly project: WireProject;
  readonly isOpen: boolean;
  /** Where it is opened, for another tab of the browser too. */
  readonly address: string;
  readonly open: () => void;
  readonly actions: readonly CardAction[];
  /** Shows the actions beside a button. */
  readonly showMenu: (anchor: Element, label: string, actions: readonly CardAction[]) => void;
}

export function nameOf(project: Pick<WireProject, "name">): string {
  return project.name === "" ? t("projectUnnamed") : project.name;
}

export function createCard({ project, isOpen, address, open, actions, showMenu }: CardOptions): HTMLElement {
  const name = nameOf(project);
  const link = h("a", { class: "an-card-link", href: address, ...(isOpen ? { "aria-current": "page" } : {}) }, name);
  link.title = project.folder ?? name;
  link.addEventListener("click", (event) => {
    // With a key held or another button the browser opens it elsewhere by itself.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  const label = t("projectActions", { name });
  const more = button({ icon: "more", title: label, class: "an-row-button an-card-more", onClick: () => showMenu(more, label, actions) });
  return h(
    "li",
    { class: `an-card${isOpen ? " is-open" : ""}`, "data-project": project.id },
    covers(project),
    h("div", { class: "an-card-text" }, h("div", { class: "an-card-head" }, link, more), ...facts(project, isOpen)),
  );
}

/** A project in the bin: it can be taken back, or deleted for good. */
export function createBinned(project: WireProject, actions: readonly CardAction[]): HTMLElement {
  const buttons = actions.map(({ text, run }) => button({ text, class: "an-button", onClick: run }));
  const counts = h("small", {}, pictures(project));
  return h("li", { class: "an-binned", "data-project": project.id }, h("span", { class: "an-binned-name" }, nameOf(project), counts), ...buttons);
}

export function createBroken({ name, folder, reason }: BrokenProject): HTMLElement {
  const where = folder === null || reason.includes(folder) ? null : h("small", {}, folder);
  return h("li", { class: "an-broken" }, icon("warning"), h("span", {}, h("b", {}, name), " ", reason, where));
}

function covers(project: WireProject): HTMLElement {
  const pictures = project.covers.map((src) => {
    const picture = h("img", { src, alt: "", loading: "lazy", decoding: "async", draggable: "false" });
    picture.addEventListener("error", () => picture.remove());
    return picture;
  });
  const none = project.images === 0 ? [icon("images" satisfies IconName)] : [];
  return h("div", { class: "an-covers", "data-count": String(project.covers.length), "aria-hidden": "true" }, ...pictures, ...none);
}

function facts(project: WireProject, isOpen: boolean): HTMLElement[] {
  const { images, reviewed, accepted, suggested, used, job } = project;
  const bar = h("span", { class: "an-bar-fill" });
  bar.style.width = `${images === 0 ? 0 : (100 * reviewed) / images}%`;
  const counts = [pictures(project), ...(accepted > 0 ? [t("countAccepted", { n: accepted })] : []), ...(suggested > 0 ? [t("countSuggested", { n: suggested })] : [])];
  const date = new Date(used * 1000).toLocaleDateString(document.documentElement.lang || undefined, { dateStyle: "medium" });
  const state = job === null ? t("projectUsed", { when: date }) : t("prelabelling", { done: job.done, total: job.total });
  return [
    h("div", { class: "an-card-counts", title: suggested > 0 ? t("suggestionsAny") : null }, counts.join(" · ")),
    h("div", { class: "an-card-progress", hidden: images === 0 }, h("span", { class: "an-bar" }, bar), h("span", {}, t("progress", { reviewed, total: images }))),
    h("div", { class: "an-card-state" }, isOpen ? h("span", { class: "an-card-open" }, t("projectOpen")) : null, h("span", {}, state)),
  ];
}

function pictures({ images }: WireProject): string {
  return t("projectPictures", { n: images });
}
