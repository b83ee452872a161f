/** Each tool while everything is hidden: what is new is to be seen, and what nobody sees is not changed. */
import { describe, expect, it } from "vitest";
import { outlineOf } from "../../src/document/outline";
import { find } from "../../src/document/scene";
import { Drawing } from "../../src/editing/drawing";
import { Levels } from "../../src/editing/levels";
import { Prompting } from "../../src/editing/prompting";
import { t } from "../../src/strings";
import type { ToolId } from "../../src/tools/registry";
import { TOOLS, makeTools } from "../../src/tools/registry";
import { settle } from "../harness";
import { Prompts } from "../prompts";
import { squareRle } from "../server";
import { at, click, drag, hosted } from "./host";

async function hidden(selection: readonly string[]) {
  const { host, session } = await hosted();
  const api = { mask: async () => ({ rle: squareRle(4), by: "m", heatmap: null }), prepareMask: async () => ({}), heatmap: async () => null };
  const drawing = new Drawing({ session, api, pickCategory: async () => 1, notice: () => {} });
  host.addInstance = (mask) => void drawing.add(mask);
  host.addFromBox = (box) => void drawing.addFromBox(box);
  const prompting = new Prompting({ session, api: new Prompts(), pickCategory: async () => 1, notice: host.notice, offerModels: () => {} });
  const levels = new Levels({ session, api, notice: host.notice, say: () => {} });
  session.view.set({ hideAll: true, selection, brushSize: 40 });
  return { host, session, tools: makeTools(host, levels, prompting), one: find(session.view.get().scene!, "one")! };
}

/** What is drawn with them is new; they change what is there. */
const DRAWING = ["point", "polygon", "box", "ellipse", "brush"] as const;
const CHANGING = ["eraser", "level", "knife"] as const;

it("each tool but the selection is tried", () => {
  const tried = ["select", ...DRAWING, ...CHANGING].toSorted();
  expect(tried, "a tool of the registry belongs into DRAWING or CHANGING here").toEqual(TOOLS.map(({ id }) => id).toSorted());
});

describe.each([[[]], [["one"]]])("with %j selected and everything hidden", (selection) => {
  it.each(DRAWING)("a shape of the %s is new, and everything is shown again", async (id: ToolId) => {
    const { session, tools, one } = await hidden(selection);
    if (id === "polygon") for (const place of [at(25, 25), at(35, 25), at(35, 35), at(25, 25)]) click(tools[id], place);
    else drag(tools[id], at(18, 18), at(30, 30));
    tools[id].keep?.();
    await settle();
    const { scene, hideAll, selection: now } = session.view.get();
    expect(scene!.instances).toHaveLength(2);
    expect(find(scene!, "one")).toBe(one);
    expect(hideAll).toBe(false);
    // What is pointed at next is another object.
    expect(now).toEqual(id === "point" ? selection : [scene!.instances[1].key]);
    await session.undo();
    expect(session.view.get().scene!.instances).toHaveLength(1);
  });

  it.each(CHANGING)("the %s says why it changes nothing", async (id: ToolId) => {
    const { host, session, tools } = await hidden(selection);
    drag(tools[id], at(15, 5), at(15, 25));
    expect(host.noticed).toEqual([t("hiddenFirst")]);
    expect(session.view.get().history.past).toEqual([]);
    expect(session.view.get().hideAll).toBe(true);
  });

  it("the brush goes on with what its first stroke began", async () => {
    const { session, tools } = await hidden(selection);
    drag(tools.brush, at(25, 25), at(30, 25));
    await settle();
    const area = (): number => outlineOf(session.view.get().scene!.instances[1].mask).area;
    const first = area();
    drag(tools.brush, at(25, 28), at(30, 28));
    expect(session.view.get().scene!.instances).toHaveLength(2);
    expect(area()).toBeGreaterThan(first);
  });
});
