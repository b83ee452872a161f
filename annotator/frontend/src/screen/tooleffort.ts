/** What each tool has cost: on suggestions that were adjusted, and on instances that were drawn. */
import { COMMANDS } from "../commands/keys";
import type { WireTool } from "../document/insight";
import type { Api } from "../saving/api";
import { decimal, t } from "../strings";
import { TOOLS } from "../tools/registry";
import { h } from "../widgets/dom";
import { section, table } from "./statistics";

/** The part of the page. */
export function toolEffort(tools: readonly WireTool[], { root }: Pick<Api, "root">): HTMLElement {
  const csv = h("a", { class: "an-link", href: `${root}/insight/tools.csv`, download: "tools.csv" }, t("asCsv"));
  if (tools.length === 0) return section(t("toolsTitle"), null, [h("p", {}, t("toolsNone"))]);
  return section(t("toolsTitle"), csv, [
    table(
      [t("toolsTool"), t("toolsMade"), t("instances"), t("toolsSeconds"), t("toolsGestures"), t("toolsClicks"), ""],
      tools.map((one) => {
        const each = (value: number): string => decimal(value / one.count, 1);
        return [toolName(one.tool), t(one.drawn ? "statDrawn" : "statAdjusted"), String(one.count), each(one.seconds), each(one.gestures), each(one.clicks), ""];
      }),
    ),
    h("p", { class: "an-stat-rule" }, t("toolsRule")),
  ]);
}

export function toolName(id: string): string {
  const known = TOOLS.find((one) => one.id === id) ?? COMMANDS.find((one) => one.id === id);
  return known === undefined ? id : t(known.label);
}
