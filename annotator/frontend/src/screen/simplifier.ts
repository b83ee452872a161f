/** Fewer vertices for one instance, with a slider that shows what of the mask stays. */
import { areaOfParts } from "../document/geometry";
import { outlineOf } from "../document/outline";
import { iouOfWindows, windowOfMask, windowOfParts } from "../document/paint";
import type { Instance } from "../document/scene";
import { find, maskOfParts, reshaped } from "../document/scene";
import { simplifyParts } from "../document/simplify";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import { openPopover } from "../widgets/popover";

const START = 1.5;

export function openSimplify(root: HTMLElement, session: Session, instance: Instance): void {
  const { parts } = outlineOf(instance.mask);
  const original = windowOfMask(instance.mask);
  const slider = h("input", { type: "range", min: 0, max: 12, step: 0.25, value: START, class: "an-slider", "aria-label": t("simplifyTolerance") });
  const facts = h("p", { class: "an-facts", role: "status" });
  let simpler = parts;
  const show = (): void => {
    simpler = simplifyParts(parts, slider.valueAsNumber).filter((part) => areaOfParts([part]) >= 1);
    slider.style.setProperty("--share", `${(100 * slider.valueAsNumber) / 12}%`);
    const vertices = simpler.flat().reduce((sum, ring) => sum + ring.length, 0);
    facts.textContent = t("simplifyFacts", { vertices, iou: iouOfWindows(original, windowOfParts(simpler)).toFixed(3) });
    session.showDraft({ key: instance.key, parts: simpler });
  };
  const take = (): void => {
    const { scene } = session.view.get();
    const before = scene === null ? null : find(scene, instance.key);
    popover.close();
    if (before === null || simpler.length === 0) return;
    session.commit("edit", [{ before, after: reshaped(before, maskOfParts(simpler, before.mask.height)) }]);
  };
  slider.addEventListener("input", show);
  slider.addEventListener("keydown", (event) => {
    if (event.key === "Enter") take();
  });
  const popover = openPopover(
    root,
    root.querySelector(".an-chosen"),
    { class: "an-simplify", label: t("cmdSimplify"), onClose: () => session.showDraft(null) },
    h("strong", {}, t("cmdSimplify")),
    slider,
    facts,
    button({ text: t("apply"), class: "an-button is-primary", onClick: take }),
  );
  show();
  slider.focus({ preventScroll: true });
}
