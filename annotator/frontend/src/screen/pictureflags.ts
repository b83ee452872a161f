/** The flags of several pictures, in a small panel: each press gives one to all of them, or takes it from all. */
import type { QueueImage } from "../document/protocol";
import { FLAGS } from "../editing/flags";
import { t } from "../strings";
import { h } from "../widgets/dom";
import { openPopover } from "../widgets/popover";
import { flagName, ownFlagField } from "./flags";

export interface PictureFlagsOptions {
  readonly root: HTMLElement;
  readonly anchor: Element | null;
  /** The pictures as they stand; null for one that is not read here. */
  readonly chosen: () => readonly (QueueImage | null)[];
  /** Flags that pictures have. */
  readonly known: () => readonly string[];
  readonly give: (flag: string, on: boolean) => Promise<void>;
}

export function openPictureFlags({ root, anchor, chosen, known, give }: PictureFlagsOptions): void {
  const boxes = h("div", { class: "an-flag-list" });
  const change = async (flag: string, on: boolean): Promise<void> => {
    await give(flag, on);
    render();
  };
  const box = (flag: string): HTMLElement => {
    const field = h("input", { type: "checkbox" });
    const { checked, indeterminate } = standOf(flag, chosen());
    Object.assign(field, { checked, indeterminate });
    field.addEventListener("change", () => void change(flag, field.checked));
    return h("label", { class: "an-flag" }, field, h("span", {}, flagName(flag)));
  };
  const own = ownFlagField((flag) => void change(flag, true));
  const render = (): void => boxes.replaceChildren(...[...new Set([...FLAGS, ...known()])].map(box));
  render();
  openPopover(root, anchor, { class: "an-flags", label: t("pickFlag") }, h("strong", {}, t("pickFlag")), boxes, own);
  boxes.querySelector("input")?.focus({ preventScroll: true });
}

/** All have it, or none, or it is neither. */
export function standOf(flag: string, pictures: readonly (QueueImage | null)[]): { readonly checked: boolean; readonly indeterminate: boolean } {
  const has = pictures.map((one) => (one === null ? null : one.flags.includes(flag)));
  const checked = has.every((one) => one === true);
  return { checked, indeterminate: !checked && has.some((one) => one !== false) };
}
