/** Which repair many masks are given, and what it does to some of them: both outlines over the cut-out. */
import type { BulkPreview, RepairKind, WireRepair } from "../saving/bulk";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { h, setText } from "../widgets/dom";
import { icon } from "../widgets/icons";

/** What each takes: the number of pixels that is proposed, and the most. */
const KINDS: readonly { readonly kind: RepairKind; readonly label: StringKey; readonly pixels?: number; readonly most?: number; readonly unit?: string }[] = [
  { kind: "holes", label: "repairHoles" },
  { kind: "specks", label: "repairSpecks", pixels: 30, most: 1_000_000 },
  { kind: "largest", label: "repairLargest" },
  { kind: "smooth", label: "repairSmooth", pixels: 2, most: 100 },
  { kind: "shrink", label: "repairShrink", pixels: 1, most: 100 },
  { kind: "grow", label: "repairGrow", pixels: 1, most: 100 },
  { kind: "subtract", label: "repairSubtract" },
  { kind: "duplicates", label: "repairDuplicates", pixels: 80, most: 100, unit: "%" },
  { kind: "contained", label: "repairContained", pixels: 90, most: 100, unit: "%" },
  { kind: "merge", label: "repairMerge", pixels: 90, most: 100, unit: "%" },
];

const SVG = "http://www.w3.org/2000/svg";

export class RepairChoice {
  readonly element: HTMLElement;
  private readonly kind = h("select", { class: "an-select", "aria-label": t("bulkRepair") });
  private readonly pixels = h("input", { type: "number", class: "an-bulk-pixels", min: 1, step: 1, "aria-label": t("repairPixels") });
  private readonly unit = h("span", {}, t("repairPixels"));
  private readonly field = h("label", { class: "an-bulk-radius" }, this.pixels, this.unit);

  constructor(changed: () => void) {
    this.kind.append(...KINDS.map(({ kind, label }) => h("option", { value: kind }, t(label))));
    this.kind.addEventListener("change", () => {
      this.show();
      changed();
    });
    this.pixels.addEventListener("input", changed);
    this.element = h("div", { class: "an-bulk-repair", hidden: true }, h("label", { class: "an-sort" }, this.kind, icon("chevron")), this.field);
    this.show();
  }

  /** What is not a number goes to the server as 0, which says what it expects. */
  repair(): WireRepair {
    const { kind, pixels } = this.chosen();
    return pixels === undefined ? { kind } : { kind, pixels: Math.trunc(this.pixels.valueAsNumber) || 0 };
  }

  private chosen(): (typeof KINDS)[number] {
    return KINDS.find(({ kind }) => kind === this.kind.value) ?? KINDS[0];
  }

  private show(): void {
    const { pixels, most, unit } = this.chosen();
    this.field.hidden = pixels === undefined;
    if (pixels === undefined) return;
    setText(this.unit, unit ?? t("repairPixels"));
    this.pixels.setAttribute("aria-label", unit ?? t("repairPixels"));
    this.pixels.max = String(most);
    this.pixels.value = String(pixels);
  }
}

/** The old outline dashed and the new one solid: told apart without colours. */
export function repairFigure({ cutout, name, size, before, after }: BulkPreview["nearest"][number]): HTMLElement {
  const lost = after === "";
  const svg = document.createElementNS(SVG, "svg");
  const [width, height] = size ?? [1, 1];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  for (const [kind, path] of [["before", before], ["after", after]] as const) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("class", `is-${kind}`);
    line.setAttribute("d", path ?? "");
    svg.append(line);
  }
  return h("figure", { title: name, class: lost ? "is-lost" : "" }, h("img", { src: cutout, alt: name, loading: "lazy" }), svg, lost ? h("figcaption", {}, t("repairLost")) : null);
}
