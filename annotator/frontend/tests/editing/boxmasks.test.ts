/** Boxes become masks on the open picture: what is asked, what stays, and one step of undo. */
import { describe, expect, it } from "vitest";
import { find } from "../../src/document/scene";
import { BoxMasks, isBox } from "../../src/editing/boxmasks";
import { t } from "../../src/strings";
import { settle, start } from "../harness";
import { BY, SlowPrompts } from "../prompts";
import { FakeServer, refused, squareRle, wireInstance } from "../server";

/** Of three suggestions, two fill their boxes; the squares of the server do. */
async function boxed() {
  const server = new FakeServer([2, 0]);
  const round = [[[[20, 20], [30, 25], [20, 30]]]] as const;
  server.images.get(1)!.instances.set("round", wireInstance("round", 2, { parts: round as never }));
  const { session } = start(server);
  const api = new SlowPrompts();
  const told: string[] = [];
  const carried = { value: false };
  const masks = new BoxMasks({ session, api, answer: (text) => told.push(text), carried: async () => carried.value });
  await session.open(1);
  session.setThreshold(0);
  return { api, carried, server, session, told, masks };
}

describe("boxes", () => {
  it("get their masks in one step of undo, and what is decided of them stays", async () => {
    const { api, session, told, masks } = await boxed();
    const before = session.view.get().scene!.instances;
    expect(before.map(isBox)).toEqual([true, true, false]);
    const run = masks.fill();
    await settle();
    for (let n = 0; n < 2; n++) {
      api.next({ rle: squareRle(4) });
      await settle();
    }
    await run;
    expect(api.asked.map(({ said }) => said.box)).toEqual([[0, 4, 4, 8], [4, 4, 8, 8]]);
    const after = session.view.get().scene!.instances;
    expect(after.map(({ state, edited, mask }) => [state, edited, mask.rle])).toEqual([
      ["suggested", true, squareRle(4)],
      ["suggested", true, squareRle(4)],
      ["suggested", false, before[2].mask.rle],
    ]);
    expect(after[0].prompt).toEqual({ by: BY, points: [], box: [0, 4, 4, 8] });
    expect(told).toEqual([t("boxesUnderWay", { done: 0, total: 2 }), t("boxesUnderWay", { done: 1, total: 2 }), t("boxesFilled", { n: 2 })]);
    await session.undo();
    expect(session.view.get().scene!.instances).toEqual(before);
  });

  it("that are no instances yet are left to the server with the others, unless something is selected", async () => {
    const { api, carried, session, masks } = await boxed();
    carried.value = true;
    await masks.fill();
    expect(api.asked).toEqual([]);
    session.select(["i0k1"]);
    const run = masks.fill();
    api.next({ rle: squareRle(4) });
    await run;
    expect(api.asked).toHaveLength(1);
  });

  it("of a selection are filled alone, and where it has none that is said", async () => {
    const { api, session, told, masks } = await boxed();
    session.select(["round"]);
    await masks.fill();
    expect(told).toEqual([t("noBoxes")]);
    session.select(["i0k1"]);
    const run = masks.fill();
    api.next({ rle: null });
    await run;
    expect(told.at(-1)).toBe(`${t("boxesFilled", { n: 0 })} ${t("boxesLeft", { n: 1 })}`);
    expect(session.view.get().history.past).toEqual([]);
  });

  it("that were filled before something failed keep their masks, on whichever picture is open then", async () => {
    const { api, server, session, told, masks } = await boxed();
    const run = masks.fill();
    await settle();
    api.next({ rle: squareRle(3) });
    await settle();
    await session.open(2);
    api.fail(refused("mobile-sam: not here yet", 400));
    await run;
    await settle();
    expect(told.at(-1)).toBe(`${t("boxesFilled", { n: 1 })} mobile-sam: not here yet`);
    expect((await server.document(1)).instances.map(({ rle }) => rle).slice(0, 2)).toEqual([squareRle(3), squareRle(1)]);
    expect(find(session.view.get().scene!, "i0k0")).toBeNull();
  });
});
