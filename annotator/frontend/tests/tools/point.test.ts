import { describe, expect, it } from "vitest";
import { Prompting } from "../../src/editing/prompting";
import { t } from "../../src/strings";
import { PointTool, pointHint } from "../../src/tools/point";
import { settle } from "../harness";
import { Prompts } from "../prompts";
import { at, click, drag, hosted } from "./host";

async function tool(view = {}, by: string | null = "m@1") {
  const { host, session } = await hosted();
  const api = new Prompts();
  api.by = by;
  const prompting = new Prompting({ session, api, pickCategory: async () => 1, notice: host.notice, offerModels: () => host.say("models") });
  session.view.set({ tool: "point", category: 1, ...view });
  const made = new PointTool(host, prompting);
  made.begin();
  await settle();
  return { host, session, api, prompting, made, said: () => api.asked.map(({ said }) => [...said.points.map(String), ...(said.box === undefined ? [] : [`box ${said.box}`])]) };
}

describe("the point tool", () => {
  it("says what belongs, what does not, and what lies in a box", async () => {
    const { made, said } = await tool();
    for (const press of [() => click(made, at(12, 13)), () => click(made, at(3, 4, { alt: true })), () => drag(made, at(5, 6), at(25, 26))]) {
      press();
      await settle();
    }
    expect(said()).toEqual([["12,13,1"], ["12,13,1", "3,4,0"], ["12,13,1", "3,4,0", "box 5,6,25,26"]]);
  });

  it("takes a finger that rests for a click on what does not belong", async () => {
    const { made, said } = await tool();
    made.down(at(12, 13, { coarse: true }));
    made.hold();
    made.up(at(12, 13, { coarse: true }));
    expect(said()).toEqual([["12,13,0"]]);
  });

  it("takes the sign that was switched until the object is kept, and Alt and a resting finger for its opposite", async () => {
    const { made, session, said } = await tool();
    click(made, at(12, 13));
    session.view.set({ pointsBelong: false });
    click(made, at(3, 4, { coarse: true }));
    click(made, at(14, 13, { alt: true }));
    await settle();
    expect(said().at(-1)).toEqual(["12,13,1", "3,4,0", "14,13,1"]);
    made.command("acceptAll");
    expect(session.view.get().pointsBelong).toBe(true);
  });

  it("keeps with Enter, takes back with Backspace and undo, and leaves both keys alone where nothing was said", async () => {
    const { made, session } = await tool();
    expect([made.command("acceptAll"), made.command("deleteVertex"), made.command("undo"), made.cancel()]).toEqual([false, false, false, false]);
    for (const place of [at(1, 2), at(3, 4), at(5, 6)]) click(made, place);
    await settle();
    expect([made.command("deleteVertex"), made.command("undo")]).toEqual([true, true]);
    expect(made.command("acceptAll")).toBe(true);
    await settle();
    expect(session.view.get().scene!.instances).toHaveLength(2);
    expect(session.view.get().tool).toBe("point");
    click(made, at(9, 9));
    await settle();
    expect(made.cancel()).toBe(true);
    expect(session.view.get().draft).toBeNull();
    expect(session.view.get().scene!.instances).toHaveLength(2);
  });

  it("takes a digit for the category, unless an instance is selected and nothing was said", async () => {
    const { made, session } = await tool();
    expect([made.key("2"), made.key("9"), made.key("A")]).toEqual([true, false, false]);
    expect(session.view.get().category).toBe(3);
    session.select(["one"]);
    expect(made.key("1")).toBe(false);
    click(made, at(12, 13));
    expect(made.key("3")).toBe(true);
    await settle();
    made.command("acceptAll");
    expect(session.view.get().scene!.instances[0].category).toBe(91);
  });

  it("says that a click is beside the picture, and that a box has no size", async () => {
    const { made, host, said } = await tool();
    click(made, at(45, 10));
    drag(made, at(10, 10), at(10, 30));
    expect(host.noticed).toEqual([t("pointOutside"), t("pointFlatBox")]);
    click(made, at(40.5, 10));
    expect(said()).toEqual([["40,10,1"]]);
  });

  it("leaves no mark of a click that nothing was found for, or that is taken back before its answer", async () => {
    const { made, host, api, prompting } = await tool();
    let painted: unknown;
    host.redraw = () => void (painted = prompting.object);
    api.ask = async (_picture, { number }) => ({ number, by: "m@1", rle: null, heatmap: null });
    click(made, at(12, 13));
    painted = prompting.object;
    await settle();
    expect([painted, host.noticed]).toEqual([null, [t("pointNowhere")]]);
    click(made, at(12, 13));
    painted = prompting.object;
    made.command("deleteVertex");
    expect(painted).toBeNull();
  });

  it("finds the masks of boxes where no network answers clicks", async () => {
    const { made, host, session } = await tool({}, null);
    expect(pointHint(session.view.get())).toBe("hintPointNone");
    click(made, at(12, 13));
    drag(made, at(5, 6), at(25, 26));
    expect([host.said, host.noticed]).toEqual([["models"], [t("pointNone")]]);
    expect(host.boxes).toEqual([{ x0: 5, y0: 6, x1: 25, y1: 26 }]);
    session.select(["one"]);
    drag(made, at(5, 6), at(25, 26));
    expect(host.again).toEqual([["one", { x0: 5, y0: 6, x1: 25, y1: 26 }]]);
  });
});
