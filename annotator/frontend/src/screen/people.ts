/** The sheet with the people of a project: their roles, for those who manage it to change, and what each of them did. */
import type { Role, WireFigures, WirePeople, WirePerson } from "../document/people";
import { counted, duration, ROLES } from "../document/people";
import { lineOf } from "../saving/errors";
import { PeopleApi } from "../saving/people";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { whileBusy } from "../widgets/busy";
import { confirmRemoval, dialog, openDialog } from "../widgets/dialogs";
import { button, h, isComposing, setText } from "../widgets/dom";
import { section, table } from "./statistics";

const LABELS: Readonly<Record<Role, StringKey>> = { annotate: "roleAnnotate", review: "roleReview", manage: "roleManage" };

/** key: of the project. changed: somebody was added, taken out, or has another role. */
export function showPeople(root: Element, { key, name, changed }: { readonly key: string; readonly name: string; readonly changed: () => void }): void {
  const sheet = new PeopleSheet(root, new PeopleApi(key), name, changed);
  void sheet.fill();
}

class PeopleSheet {
  private readonly sheet: HTMLDialogElement;
  private readonly line = h("p", { class: "an-projects-line", role: "status" });
  private readonly list = h("ul", { class: "an-people" });
  private readonly form = h("div", { class: "an-people-add", hidden: true });
  private readonly figures = h("div", { class: "an-people-figures" });
  private readonly field = h("input", { class: "an-input", type: "text", "aria-label": t("peopleName"), placeholder: t("peopleName"), spellcheck: "false", autocomplete: "off", maxlength: 100 });
  private readonly chosen = roleSelect("annotate", t("peopleRole"));
  private latest: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly root: Element,
    private readonly api: PeopleApi,
    name: string,
    private readonly changed: () => void,
  ) {
    const title = t("peopleTitle", { name });
    this.sheet = dialog("an-projects an-people-sheet", title);
    const close = button({ icon: "cross", title: t("close"), class: "an-row-button", onClick: () => this.sheet.close() });
    close.dataset.always = "";
    const add = (): void => void this.add();
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event)) return;
      event.preventDefault();
      add();
    });
    this.form.append(this.field, this.chosen, button({ icon: "plus", text: t("peopleAdd"), class: "an-button is-primary", onClick: add }));
    const body = h("div", { class: "an-projects-body", tabindex: "-1" }, this.line, this.list, this.form, h("p", { class: "an-stat-rule" }, t("peopleRoleRule")), this.figures);
    this.sheet.append(h("header", {}, h("h2", {}, title), close), body);
    openDialog(root, this.sheet);
    close.focus();
  }

  async fill(): Promise<void> {
    try {
      const [people, figures] = await Promise.all([this.api.list(), this.api.figures()]);
      this.show(people);
      this.figures.replaceChildren(figuresPart(figures, this.api.csv()));
    } catch (error) {
      this.fail(lineOf(error));
    }
  }

  private show({ people, role }: WirePeople): void {
    this.form.hidden = role !== "manage";
    const held = this.list.contains(document.activeElement) ? document.activeElement?.getAttribute("aria-label") : null;
    this.list.replaceChildren(...people.map((person) => this.row(person, role === "manage")));
    if (held !== null && held !== undefined) this.list.querySelector<HTMLElement>(`[aria-label="${CSS.escape(held)}"]`)?.focus();
  }

  private row(person: WirePerson, manages: boolean): HTMLElement {
    const { name, role, came, me } = person;
    const beside = [...(me ? [t("peopleYou")] : []), ...(came ? [] : [t("peopleAwaited")])].join(", ");
    const label = h("span", { class: "an-people-name" }, h("b", {}, name), beside === "" ? null : h("small", {}, beside));
    if (!manages) return h("li", {}, label, h("span", {}, t(LABELS[role])));
    const select = roleSelect(role, t("peopleRoleOf", { name }));
    select.addEventListener("change", () => void this.attempt(() => this.api.setRole(person, select.value as Role)));
    const remove = button({ icon: "cross", title: t("peopleRemove", { name }), class: "an-row-button", onClick: () => void this.remove(person) });
    return h("li", {}, label, select, remove);
  }

  private async add(): Promise<void> {
    const name = this.field.value.trim();
    if (name === "" || this.waiting > 0) return this.field.focus();
    const added = await this.attempt(() => this.api.add(name, this.chosen.value as Role));
    if (added) this.field.value = "";
    this.field.focus();
  }

  private async remove(person: WirePerson): Promise<void> {
    const agreed = await confirmRemoval(this.root, t("peopleRemoveTitle", { name: person.name }), t("peopleRemoveBody"), t("peopleRemoveAgree"));
    if (agreed) await this.attempt(() => this.api.remove(person));
  }

  /** Once all that was asked before has ended. What is shown then is what holds: others may have changed it meanwhile. */
  private async attempt(work: () => Promise<void>): Promise<boolean> {
    if (this.waiting++ === 0) this.say("");
    const mine = this.latest.then(() => whileBusy(this.sheet, () => this.tried(work)));
    this.latest = mine;
    const done = await mine;
    // What is chosen and waits to be saved stays chosen.
    if (--this.waiting === 0) await this.api.list().then((found) => this.show(found), () => {});
    return done === true;
  }

  private async tried(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.changed();
      return true;
    } catch (error) {
      this.fail(lineOf(error));
      return false;
    }
  }

  private say(text: string): void {
    this.line.classList.remove("is-bad");
    setText(this.line, text);
  }

  private fail(line: string): void {
    this.line.classList.add("is-bad");
    setText(this.line, `${t("peopleFailed")}: ${line}`);
  }
}

function roleSelect(role: Role, label: string): HTMLSelectElement {
  return h("select", { class: "an-input", "aria-label": label }, ...ROLES.map((one) => h("option", { value: one, selected: one === role }, t(LABELS[one]))));
}

function figuresPart(found: readonly WireFigures[], csv: string): HTMLElement {
  const link = h("a", { class: "an-link", href: csv, download: "people.csv" }, t("asCsv"));
  const heads = (["figuresName", "figuresPictures", "figuresInstances", "statAccepted", "statAdjusted", "statDrawn", "statRejected", "figuresTime", "figuresEach", "figuresLast"] as const).map((one) => t(one));
  const rows = found.map((one) => [
    one.name,
    counted(one.pictures, one.share_pictures),
    counted(one.instances, one.share_instances),
    ...[one.accepted, one.adjusted, one.drawn, one.rejected].map(String),
    duration(one.seconds),
    one.seconds_each === null ? "" : one.seconds_each.toFixed(1),
    one.last === null ? "" : new Date(one.last).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }),
  ]);
  const content = rows.length === 0 ? h("p", {}, t("figuresNone")) : table(heads, rows);
  return section(t("figuresTitle"), rows.length === 0 ? null : link, [content, h("p", { class: "an-stat-rule" }, t("figuresRule"))]);
}
