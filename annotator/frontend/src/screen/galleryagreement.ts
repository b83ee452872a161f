/** Which instances the gallery shows, by what a second network says of them. It is there once some have a say. */
import type { Agreement, WireCutout } from "../document/protocol";
import { AGREEMENTS } from "../document/protocol";
import { t } from "../strings";
import { h } from "../widgets/dom";
import { icon } from "../widgets/icons";
import { AGREEMENT_LABELS } from "./votes";

export class AgreementChoice {
  readonly element: HTMLElement;
  private readonly select = h("select", { class: "an-select", "aria-label": t("twoNetworks"), title: t("twoNetworks") });

  constructor(changed: () => void) {
    this.select.append(h("option", { value: "" }, t("twoNetworks")), ...AGREEMENTS.map((one) => h("option", { value: one }, t(AGREEMENT_LABELS[one]))));
    this.select.addEventListener("change", changed);
    this.element = h("label", { class: "an-sort", hidden: true }, this.select, icon("chevron"));
  }

  value(): Agreement | null {
    return AGREEMENTS.find((one) => one === this.select.value) ?? null;
  }

  /** Once shown it stays: its choice may leave an empty list. */
  render(items: readonly { readonly wire: Pick<WireCutout, "vote"> }[]): void {
    if (this.element.hidden && items.some(({ wire }) => wire.vote !== null && wire.vote !== undefined)) this.element.hidden = false;
  }
}
