/** Beside the tool that points: what keys and the other button do, for a finger, and which network answers. */
import type { Prompting } from "../editing/prompting";
import { POINT_TOOL } from "../editing/readiness";
import { lineOf } from "../saving/errors";
import type { PromptNetworks, PromptsApi } from "../saving/prompts";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import { icon } from "../widgets/icons";
import type { Notices } from "./notices";

const MINUS = "M10 3a7 7 0 100 14 7 7 0 000-14z M6.5 10h7";

export interface PointBarOptions {
  readonly session: Session;
  readonly api: Pick<PromptsApi, "network" | "networks" | "choose">;
  readonly prompting: Pick<Prompting, "keep" | "takeBack" | "readiness">;
  readonly notices: Pick<Notices, "show">;
}

export function createPointBar({ session, api, prompting, notices }: PointBarOptions): HTMLElement {
  const { view } = session;
  const sign = button({ icon: MINUS, title: t("pointNot"), class: "an-tool an-point-sign", onClick: () => view.set({ pointsBelong: !view.get().pointsBelong }) });
  const back = button({ icon: "undo", title: t("pointBack"), class: "an-tool", onClick: () => void prompting.takeBack() });
  const keep = button({ icon: "check", title: t("pointKeep"), class: "an-tool", onClick: () => void prompting.keep() });
  const fingers = h("span", { class: "an-point-fingers" }, sign, back, keep);
  const network = h("select", { class: "an-select", "aria-label": t("pointNetwork"), title: t("pointNetwork") });
  const choice = h("label", { class: "an-sort", hidden: true }, network, icon("chevron"));
  const element = h("div", { class: "an-pointbar", role: "group", hidden: true }, fingers, choice);
  const show = ({ networks, offered }: PromptNetworks): void => {
    choice.hidden = networks.length < 2;
    network.replaceChildren(...networks.map(({ name, title }) => h("option", { value: name, title }, name)));
    network.value = networks.some(({ name }) => name === api.network) ? api.network! : (offered ?? "");
  };
  network.addEventListener("change", () => {
    api.choose(network.value);
    prompting.readiness.askAnother();
  });
  view.subscribe((now) => {
    sign.setAttribute("aria-pressed", String(!now.pointsBelong));
    const isUsed = now.tool === POINT_TOOL && now.scene !== null && !now.gallery;
    if (isUsed !== element.hidden) return;
    element.hidden = !isUsed;
    // What is fetched in Models meanwhile is here the next time.
    if (isUsed) void api.networks().then(show, (error: unknown) => notices.show("error", lineOf(error)));
  });
  return element;
}
