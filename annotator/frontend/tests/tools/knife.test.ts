import { describe, expect, it } from "vitest";
import { outlineOf } from "../../src/document/outline";
import { find, maskOfParts } from "../../src/document/scene";
import { KnifeTool } from "../../src/tools/knife";
import { settle } from "../harness";
import { at, click, drag, hosted } from "./host";

describe("knife", () => {
  it("cuts what the line runs through in two, as one step, and says where it does not", async () => {
    const { host, session, server } = await hosted(null);
    const tool = new KnifeTool(host);
    drag(tool, at(7, 6), at(9, 6));
    expect(host.noticed).toHaveLength(1);
    click(tool, at(9, 6));
    expect(host.noticed).toHaveLength(1);
    drag(tool, at(10.5, 2), at(10.5, 6), at(10.5, 10));
    const areas = (): number[] => session.view.get().scene!.instances.map((one) => outlineOf(one.mask).area);
    expect(areas()).toEqual([12, 4]);
    expect(host.put).toBe("away");
    await settle();
    expect(server.gestures.map((gesture) => gesture.changes.length)).toEqual([2]);
    await session.undo();
    expect(areas()).toEqual([16]);
  });

  it("leaves alone what is hidden", async () => {
    const { host, session } = await hosted();
    const tool = new KnifeTool(host);
    const cut = (): void => drag(tool, at(15, 5), at(15, 25));
    session.view.set({ hideAll: true });
    cut();
    session.view.set({ selection: ["one"] });
    cut();
    session.view.set({ hideAll: false, threshold: 0.95 });
    cut();
    expect(session.view.get().history.past).toEqual([]);
    session.view.set({ threshold: 0.4 });
    cut();
    expect(session.view.get().history.past).toHaveLength(1);
  });

  it("leaves alone what is not selected, and what has changed under the hand", async () => {
    const { host, session } = await hosted();
    const other = { ...find(session.view.get().scene!, "one")!, key: "two", mask: maskOfParts([[[[30, 10], [38, 10], [38, 20], [30, 20]]]], 40) };
    session.commit("add", [{ before: null, after: other }]);
    session.view.set({ selection: ["two"] });
    const tool = new KnifeTool(host);
    drag(tool, at(15, 5), at(15, 25));
    expect(host.noticed).toHaveLength(1);
    tool.down(at(34, 5));
    tool.drag(at(34, 25));
    await session.undo();
    tool.up(at(34, 25));
    expect(session.view.get().scene!.instances).toHaveLength(1);
    expect(session.view.get().history.past).toEqual([]);
  });
});
