/** What is asked for in the tab Export: which pictures, in which format, with what. A format shows the options that it takes. */
import type { ExportChoices, ExportHow } from "../saving/exports";
import type { Shelf } from "../saving/shelf";
import { preference, setPreference } from "../saving/shelf";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h, isComposing, setClass, setText } from "../widgets/dom";
import type { ExpressionField } from "../widgets/expression";
import { expressionField, setExpression } from "../widgets/expression";
import { icon } from "../widgets/icons";

const MASKS: Readonly<Record<string, StringKey>> = { lossless: "masksLossless", polygons: "masksPolygons", rle: "masksRle", "rle-uncompressed": "masksPlainRle" };
const SPLITS: Readonly<Record<string, StringKey>> = { none: "splitNone", "0.8": "splitTwo", "0.7": "splitThree", folder: "splitFolder" };
const EXAMPLE = 'state:reviewed category:person,"traffic light" -#17';

/** The pictures that are meant: those that a search finds, or these. */
export type Meant = { readonly query: string } | { readonly ids: readonly number[] };

/** What is kept of the form for the next visit; which pictures were meant is not. */
type Kept = ExportHow & { readonly unreviewed: boolean };

export interface ExportFormOptions {
  readonly choices: ExportChoices;
  readonly language: string;
  readonly shelf: Shelf | null;
  /** Of the project, on the shelf. */
  readonly project: string;
  /** Other pictures are meant: `typed` while somebody types what they are. */
  readonly onWhich: (typed: boolean) => void;
}

export class ExportForm {
  readonly element: HTMLElement;
  private readonly field: ExpressionField = expressionField({ placeholder: EXAMPLE });
  private readonly pickedText = h("span");
  private readonly pickedLine: HTMLElement;
  private readonly unreviewed: HTMLInputElement;
  private readonly withImages: HTMLInputElement;
  private readonly provenance: HTMLInputElement;
  private readonly agreement: HTMLInputElement;
  private readonly format: Choice;
  private readonly masks: Choice;
  private readonly split: Choice;
  private ids: readonly number[] | null = null;

  constructor(private readonly options: ExportFormOptions) {
    const { choices, language, shelf, project, onWhich } = options;
    const kept = preference<Partial<Kept>>(shelf, `export:${project}`, {});
    this.unreviewed = check(kept.unreviewed ?? false);
    this.withImages = check(kept.with_images ?? false);
    this.provenance = check(kept.provenance ?? true);
    this.agreement = check(choices.agreement && (kept.agreement ?? false));
    this.format = new Choice("format", t("exportFormat"), choices.formats.map(({ name, titles }) => [name, titles[language] ?? titles["en"]]), kept.format);
    this.masks = new Choice("masks", t("exportMasks"), choices.masks.map((name) => [name, textOf(MASKS, name)]), kept.masks);
    this.split = new Choice("split", t("exportSplit"), choices.splits.map((name) => [name, textOf(SPLITS, name)]), kept.split);
    const all = button({ text: t("exportAll"), class: "an-button", onClick: () => this.meanAll() });
    this.pickedLine = h("div", { class: "an-picked-line", hidden: true }, this.pickedText, all);
    const search = h("label", { class: "an-export-only", id: "export-only" }, h("span", { class: "an-export-label" }, t("exportOnly")), h("span", { class: "an-search" }, icon("search"), this.field));
    this.element = h(
      "div",
      { class: "an-export-form" },
      h("header", {}, h("h2", {}, t("exportTitle")), h("p", {}, t("exportIntro"))),
      card("exportWhich", this.pickedLine, search, ticked(this.unreviewed, "exportUnreviewed"), this.split.element),
      card("exportFile", this.format.element, this.masks.element, ticked(this.withImages, "exportWithImages"), ticked(this.provenance, "exportProvenance"), choices.agreement ? ticked(this.agreement, "exportAgreement") : ""),
    );
    this.field.addEventListener("input", () => onWhich(true));
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event)) return;
      event.preventDefault();
      onWhich(false);
    });
    this.unreviewed.addEventListener("change", () => onWhich(false));
    this.element.addEventListener("change", () => this.changed());
    this.showWhatIsTaken();
  }

  /** Only these pictures leave, until somebody says otherwise. */
  mean(meant: Meant): void {
    this.ids = "ids" in meant ? meant.ids : null;
    setExpression(this.field, "query" in meant ? meant.query : "");
    this.pickedLine.hidden = this.ids === null;
    setText(this.pickedText, t("exportPicked", { n: this.ids?.length ?? 0 }));
    this.options.onWhich(false);
  }

  private meanAll(): void {
    this.mean({ query: "" });
    this.field.focus();
  }

  which(): { readonly only: string; readonly ids?: readonly number[]; readonly unreviewed: boolean } {
    const which = { only: this.field.value.trim(), unreviewed: this.unreviewed.checked };
    return this.ids === null ? which : { ...which, ids: this.ids };
  }

  how(): ExportHow {
    return { format: this.format.value(), masks: this.masks.value(), split: this.split.value(), with_images: this.withImages.checked, provenance: this.provenance.checked, agreement: this.agreement.checked };
  }

  showTrouble(isWrong: boolean): void {
    setClass(this.field, "is-wrong", isWrong);
    this.field.setAttribute("aria-invalid", String(isWrong));
  }

  private changed(): void {
    const { shelf, project } = this.options;
    this.showWhatIsTaken();
    setPreference(shelf, `export:${project}`, { ...this.how(), unreviewed: this.unreviewed.checked } satisfies Kept);
  }

  private showWhatIsTaken(): void {
    const takes = this.options.choices.formats.find(({ name }) => name === this.format.value())?.takes ?? [];
    this.masks.element.hidden = !takes.includes("masks");
    this.withImages.parentElement!.hidden = !takes.includes("with_images");
    this.provenance.parentElement!.hidden = !takes.includes("provenance");
  }
}

/** One of several, as radio buttons. */
class Choice {
  readonly element: HTMLFieldSetElement;
  private readonly inputs: readonly HTMLInputElement[];

  /** wanted: the one that is chosen at first, where it is among them. */
  constructor(name: string, title: string, choices: readonly (readonly [value: string, text: string])[], wanted: string | undefined) {
    const first = choices.some(([value]) => value === wanted) ? wanted : choices[0]?.[0];
    this.inputs = choices.map(([value]) => h("input", { type: "radio", name: `export-${name}`, value, checked: value === first }));
    const rows = choices.map(([, text], index) => h("label", {}, this.inputs[index], text));
    this.element = h("fieldset", { class: `an-export-choice is-${name}` }, h("legend", { class: "an-export-label" }, title), ...rows);
  }

  value(): string {
    return this.inputs.find((one) => one.checked)?.value ?? "";
  }
}

function check(checked: boolean): HTMLInputElement {
  return h("input", { type: "checkbox", checked });
}

function ticked(input: HTMLInputElement, label: StringKey): HTMLElement {
  return h("label", { class: "an-export-check" }, input, t(label));
}

function card(title: StringKey, ...content: readonly (HTMLElement | "")[]): HTMLElement {
  return h("section", { class: "an-export-card" }, h("h3", {}, t(title)), ...content);
}

function textOf(table: Readonly<Record<string, StringKey>>, name: string): string {
  return name in table ? t(table[name]) : name;
}
