import { describe, expect, it } from "vitest";
import type { Part } from "../../src/document/geometry";
import { boxOfParts } from "../../src/document/geometry";
import { t } from "../../src/strings";
import { SelectTool } from "../../src/tools/select";
import { settle } from "../harness";
import { SQUARE, hosted, shapeOf } from "./host";

describe("the keyboard", () => {
  const walking = async (parts: readonly Part[] = SQUARE) => {
    const made = await hosted(parts);
    const tool = new SelectTool(made.host);
    made.session.view.set({ selection: ["one"] });
    return { ...made, tool };
  };

  it("goes from vertex to vertex and moves one while an arrow is held, in one gesture", async () => {
    const { tool, session, host, server } = await walking();
    expect(tool.key("ArrowRight")).toBe(false);
    tool.command("nextVertex");
    tool.command("nextVertex");
    expect(host.said.at(-1)).toBe("Vertex 2 of 4, 20, 10");
    for (const chord of ["ArrowRight", "ArrowRight", "Shift+ArrowDown", "Alt+ArrowUp"]) expect(tool.key(chord)).toBe(true);
    expect(session.view.get().history.past).toEqual([]);
    tool.settle();
    expect(shapeOf(session)[0][0]).toEqual([[10, 10], [22, 19.9], [20, 20], [10, 20]]);
    await settle();
    expect(server.gestures.map((gesture) => gesture.verb)).toEqual(["edit"]);
    expect(host.said.at(-1)).toBe("Vertex 2 of 4, 22, 20");
  });

  it("adds and deletes vertices, but never the instance while it walks", async () => {
    const { tool, session } = await walking();
    tool.command("previousVertex");
    tool.command("addVertex");
    expect(shapeOf(session)[0][0]).toEqual([[10, 10], [20, 10], [20, 20], [10, 20], [10, 15]]);
    expect(tool.key("Delete")).toBe(true);
    expect(shapeOf(session)[0][0]).toEqual(SQUARE[0][0]);
    expect(tool.cancel()).toBe(true);
    expect(tool.key("Delete")).toBe(false);
  });

  it("says why it deletes neither a handle nor what nothing would be left without", async () => {
    const { tool, session, host } = await walking([[[[10, 10], [20, 10], [20, 20]]]]);
    tool.command("nextHandle");
    expect(tool.command("deleteVertex")).toBe(true);
    tool.command("nextVertex");
    expect(tool.command("deleteVertex")).toBe(true);
    expect(host.noticed).toEqual([t("handleStays"), t("vertexNeeded")]);
    expect(session.view.get().history.past).toEqual([]);
  });

  it("resizes the box by its handles", async () => {
    const { tool, session } = await walking();
    for (let n = 0; n < 5; n++) tool.command("nextHandle");
    tool.key("Shift+ArrowRight");
    tool.key("ArrowUp");
    tool.settle();
    expect(boxOfParts(shapeOf(session))).toEqual({ x0: 10, y0: 10, x1: 30, y1: 19 });
  });

  it("lets go of a shape that was undone or deselected under it", async () => {
    const { tool, session } = await walking();
    tool.command("nextVertex");
    tool.key("ArrowLeft");
    session.view.set({ selection: [] });
    tool.settle();
    expect(session.view.get()).toMatchObject({ draft: null, history: { past: [] } });
    expect(tool.key("ArrowLeft")).toBe(false);
  });
});
