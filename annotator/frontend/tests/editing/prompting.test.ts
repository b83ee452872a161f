/** Pointing at objects: which answer counts, what becomes an instance, and what a server that fails leaves behind. */
import { describe, expect, it } from "vitest";
import { find } from "../../src/document/scene";
import { MOST_POINTS, Prompting } from "../../src/editing/prompting";
import type { View } from "../../src/session/view";
import { t } from "../../src/strings";
import { settle, start } from "../harness";
import { BY, Prompts, SlowPrompts } from "../prompts";
import { FakeServer, refused, squareRle } from "../server";

async function pointing<P extends Prompts>(api: P, view: Partial<View> = {}) {
  const server = new FakeServer([2, 1]);
  const { session } = start(server);
  const told: string[] = [];
  const pickCategory = async (): Promise<number> => (told.push("asked"), 91);
  const prompting = new Prompting({ session, api, pickCategory, notice: (text, detail = "") => told.push(`${text} ${detail}`.trim()), offerModels: () => told.push("models"), wait: async () => {} });
  await session.open(1);
  session.view.set({ category: 3, ...view });
  const added = () => session.view.get().scene!.instances.slice(2);
  return { api, server, session, prompting, told, added };
}

const slow = (view: Partial<View> = {}) => pointing(new SlowPrompts(), view);

describe("a new object", () => {
  it("is asked of the server, shown, and kept as one step of undo", async () => {
    const { api, session, prompting, added } = await pointing(new Prompts());
    prompting.point([10.04, 5], true);
    await settle();
    expect(session.view.get().draft).not.toBeNull();
    prompting.point([20, 5], false);
    await settle();
    expect(added()).toEqual([]);
    expect(prompting.keep()).toBe(true);
    expect(added().map(({ category, source, state, mask }) => [category, source, state, mask.rle])).toEqual([[3, "manual", "accepted", squareRle(2)]]);
    expect(session.view.get()).toMatchObject({ draft: null, selection: [] });
    expect(session.view.get().history.past).toHaveLength(1);
    expect(api.asked.map(({ said }) => [said.points, said.rle])).toEqual([
      [[[10, 5, 1]], undefined],
      [[[10, 5, 1], [20, 5, 0]], squareRle(1)],
    ]);
    await session.undo();
    expect(added()).toEqual([]);
  });

  it("is of the category that was chosen, for what comes next as well", async () => {
    const { session, prompting, added } = await pointing(new Prompts());
    prompting.point([1, 1], true);
    prompting.choose(91);
    await settle();
    prompting.keep();
    expect(added()[0]).toMatchObject({ category: 91, prompt: { by: BY, points: [[1, 1, 1]], box: null } });
    expect(session.view.get().category).toBe(91);
  });

  it("takes its points back one by one, without asking again", async () => {
    const { api, session, prompting } = await pointing(new Prompts());
    prompting.point([1, 1], true);
    await settle();
    const first = session.view.get().draft;
    prompting.point([9, 9], true);
    await settle();
    expect(session.view.get().draft).not.toEqual(first);
    expect(prompting.takeBack()).toBe(true);
    expect(session.view.get().draft).toEqual(first);
    expect(prompting.takeBack()).toBe(true);
    expect([prompting.object, session.view.get().draft, prompting.takeBack()]).toEqual([null, null, false]);
    expect(api.asked).toHaveLength(2);
  });

  it("stays in sight while its category is asked for, and goes on where nobody gives one", async () => {
    const { api, session, prompting, added } = await pointing(new Prompts(), { tool: "point", category: null });
    const answers: ((category: number | null) => void)[] = [];
    Object.assign(prompting["options"], { pickCategory: () => new Promise((resolve) => answers.push(resolve)) });
    session.view.set({ scene: { ...session.view.get().scene!, instances: [] } });
    prompting.point([1, 1], true);
    await settle();
    const shown = session.view.get().draft;
    prompting.keep();
    expect([prompting.object, session.view.get().draft]).toEqual([null, shown]);
    answers[0](null);
    await settle();
    expect([prompting.object?.points, session.view.get().draft]).toEqual([[[1, 1, 1]], shown]);
    prompting.point([9, 9], false);
    await settle();
    prompting.keep();
    answers[1](91);
    await settle();
    expect(session.view.get().draft).toBeNull();
    expect(session.view.get().scene!.instances.map(({ category, prompt }) => [category, prompt?.points])).toEqual([[91, [[1, 1, 1], [9, 9, 0]]]]);
    expect(api.asked).toHaveLength(2);
    expect(added()).toEqual([]);
  });

  it("is named over its own picture, to which the page goes back for it, and not as what another picture holds", async () => {
    const { api, server, session, prompting } = await slow({ tool: "point", category: null });
    const empty = (): void => session.view.set({ scene: { ...session.view.get().scene!, instances: [] } });
    empty();
    const over: unknown[] = [];
    Object.assign(prompting["options"], { pickCategory: async () => (over.push(session.imageId(), session.view.get().draft !== null), 91) });
    prompting.point([1, 1], true);
    await session.open(2);
    empty();
    // What is pointed at meanwhile takes the answer to the first question, and asks none of its own.
    prompting.point([2, 2], true);
    api.next();
    await settle();
    expect(over).toEqual([1, true]);
    api.next();
    await settle();
    expect([over.length, session.imageId()]).toEqual([2, 2]);
    for (const [imageId, point] of [[1, 1], [2, 2]] as const) {
      expect((await server.document(imageId)).instances.at(-1)).toMatchObject({ category: 91, prompt: { points: [[point, point, 1]] } });
    }
  });

  it("has at most so many points", async () => {
    const { prompting, told } = await slow();
    for (let n = 0; n < MOST_POINTS + 5; n++) prompting.point([n % 40, 1], true);
    expect(prompting.object!.points).toHaveLength(MOST_POINTS);
    expect(new Set(told)).toEqual(new Set([t("pointMost", { n: MOST_POINTS })]));
  });
});

describe("the mask of a selected instance", () => {
  it("goes in as it is, and comes out as an edit of it", async () => {
    const { api, session, prompting } = await pointing(new Prompts(), { selection: ["i0k0"] });
    const before = find(session.view.get().scene!, "i0k0")!;
    prompting.point([30, 30], true);
    await settle();
    expect(api.asked[0].said).toMatchObject({ rle: before.mask.rle, repairs: true });
    expect(session.view.get().draft!.key).toBe("i0k0");
    prompting.keep();
    const after = find(session.view.get().scene!, "i0k0")!;
    expect(after).toMatchObject({ state: "accepted", edited: true, category: before.category, source: before.source });
    expect(after.mask.rle).toBe(squareRle(1));
    expect(session.view.get().selection).toEqual([]);
    await session.undo();
    expect(find(session.view.get().scene!, "i0k0")).toEqual(before);
  });

  it("goes on from the points of an earlier day, and undo brings these back", async () => {
    const { api, server, session, prompting } = await pointing(new Prompts());
    prompting.point([1, 1], true);
    await settle();
    prompting.keep();
    await settle();
    await session.open(2);
    await session.open(1);
    const before = session.view.get().scene!.instances[2];
    session.select([before.key]);
    prompting.point([9, 9], false);
    await settle();
    prompting.keep();
    await settle();
    expect(api.asked.at(-1)!.said.points).toEqual([[1, 1, 1], [9, 9, 0]]);
    const stored = async () => (await server.document(1)).instances[2].prompt;
    expect(await stored()).toEqual({ by: BY, points: [[1, 1, 1], [9, 9, 0]], box: null });
    await session.undo();
    await settle();
    expect(await stored()).toEqual({ by: BY, points: [[1, 1, 1]], box: null });
  });

  it("lets go of the points of an earlier day one by one, found anew from what is left", async () => {
    const { api, session, prompting, told } = await pointing(new Prompts());
    for (const [x, belongs] of [[1, true], [2, true], [3, false]] as const) prompting.point([x, 1], belongs);
    await settle();
    prompting.keep();
    await settle();
    const before = session.view.get().scene!.instances[2];
    session.select([before.key]);
    prompting.point([4, 1], true);
    await settle();
    // Today's is taken back without a question, and what is said then is undone by undo.
    for (let n = 0; n < 3; n++) expect(prompting.takeBack()).toBe(true);
    await settle();
    expect(api.asked.at(-1)!.said).toMatchObject({ points: [[1, 1, 1]] });
    expect(api.asked.at(-1)!.said.rle).toBeUndefined();
    expect(prompting.takeBack()).toBe(true);
    expect(told).toEqual([t("pointOnly")]);
    prompting.point([9, 9], false);
    await settle();
    expect(api.asked.at(-1)!.said).toEqual({ number: expect.any(Number), points: [[1, 1, 1], [9, 9, 0]], rle: squareRle(1) });
    expect([prompting.undo(), prompting.undo()]).toEqual([true, true]);
    expect(prompting.object!.points).toEqual([[1, 1, 1], [2, 1, 1]]);
    prompting.keep();
    expect(find(session.view.get().scene!, before.key)).toMatchObject({ prompt: { points: [[1, 1, 1], [2, 1, 1]] }, mask: { rle: squareRle(2) } });
    await session.undo();
    expect(find(session.view.get().scene!, before.key)).toEqual(before);
  });

  it("is given up where somebody rejects it meanwhile", async () => {
    const { session, prompting } = await pointing(new Prompts(), { selection: ["i0k0"] });
    prompting.point([30, 30], true);
    await settle();
    const before = find(session.view.get().scene!, "i0k0")!;
    session.commit("reject", [{ before, after: { ...before, state: "rejected" } }]);
    expect([prompting.object, session.view.get().draft]).toEqual([null, null]);
  });
});

describe("however fast somebody clicks", () => {
  it("one question is under way, and the next one says all of it", async () => {
    const { api, session, prompting } = await slow();
    for (let n = 0; n < 100; n++) prompting.point([n % 40, 1], true);
    expect(api.asked).toHaveLength(1);
    api.next();
    await settle();
    expect(api.asked.map(({ said }) => said.points.length)).toEqual([1, 100]);
    expect(session.view.get().draft).not.toBeNull();
  });

  it("what is kept before its answer has come becomes an instance when it comes", async () => {
    const { api, session, prompting, added } = await slow();
    prompting.point([1, 1], true);
    prompting.keep();
    prompting.point([9, 9], false);
    expect(added()).toEqual([]);
    api.next();
    await settle();
    expect(added()).toHaveLength(1);
    expect(prompting.object!.points).toEqual([[9, 9, 0]]);
    expect(session.view.get().draft).toBeNull();
  });

  it("an answer to what was taken back or dropped shows nothing", async () => {
    const { api, session, prompting, added, told } = await slow();
    prompting.point([1, 1], true);
    prompting.drop();
    prompting.point([2, 2], true);
    prompting.point([3, 3], true);
    prompting.takeBack();
    api.next({ rle: null });
    api.next();
    await settle();
    expect([added(), told]).toEqual([[], []]);
    expect(prompting.object!.points).toEqual([[2, 2, 1]]);
    expect(session.view.get().draft).not.toBeNull();
  });

  it("what is pointed at on a picture that is left is kept there", async () => {
    const { api, server, session, prompting } = await slow();
    prompting.point([1, 1], true);
    await session.open(2);
    api.next();
    await settle();
    expect(session.view.get().scene!.instances).toHaveLength(1);
    expect((await server.document(1)).instances).toHaveLength(3);
    await session.undo();
    await settle();
    expect((await server.document(1)).instances).toHaveLength(2);
  });

  it("another tool or selection keeps what was pointed at", async () => {
    for (const change of [{ tool: "polygon" }, { selection: ["i0k1"] }]) {
      const { session, prompting, added } = await pointing(new Prompts());
      prompting.point([1, 1], true);
      await settle();
      session.view.set(change);
      await settle();
      expect(added()).toHaveLength(1);
      expect(session.view.get()).toMatchObject(change);
    }
  });
});

describe("where no mask comes", () => {
  it("the last good one stays, and one line says so", async () => {
    for (const fail of [(api: SlowPrompts) => api.next({ rle: null }), (api: SlowPrompts) => api.fail(refused("no number", 400))]) {
      const { api, session, prompting, told, added } = await slow();
      prompting.point([1, 1], true);
      api.next();
      await settle();
      const good = session.view.get().draft;
      prompting.point([9, 9], false);
      fail(api);
      await settle();
      expect(session.view.get().draft).toEqual(good);
      expect(prompting.object!.points).toEqual([[1, 1, 1]]);
      expect(told).toHaveLength(1);
      expect(told[0]).toContain(t("pointNothing"));
      prompting.keep();
      expect(added()).toHaveLength(1);
    }
  });

  it("of a first point, nothing is left", async () => {
    const { api, prompting, told } = await slow();
    prompting.point([1, 1], true);
    api.next({ rle: null });
    await settle();
    expect(prompting.object).toBeNull();
    expect(told).toHaveLength(1);
  });

  it("a server that is away, or has too much to do, is asked again", async () => {
    const { api, session, prompting, told } = await slow();
    prompting.point([1, 1], true);
    for (const error of [new TypeError("network"), refused("busy", 507), new DOMException("late", "TimeoutError")]) {
      api.fail(error);
      await settle();
    }
    expect(api.asked).toHaveLength(4);
    expect(told).toEqual([`${t("pointAway")} ${t("pointAwayHint")}`]);
    api.next();
    await settle();
    expect(session.view.get().draft).not.toBeNull();
  });

  it("the answer to another question does not count", async () => {
    const { api, session, prompting } = await slow();
    prompting.point([1, 1], true);
    api.next({ number: 77, rle: squareRle(4) });
    await settle();
    expect(session.view.get().draft).toBeNull();
    api.next();
    await settle();
    expect(session.view.get().draft).not.toBeNull();
  });
});

