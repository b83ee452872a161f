/**
 * Two thousand random sequences of what hands do, valid or not: several pointers on several tools, lost and cancelled
 * presses, keys, commands and pictures changed in the middle of a drag, a server that brings other instances. Whatever
 * happens, the steps lead back to the beginning and forth again, and the server has what is shown.
 * GESTURE_SEED=n runs one of them.
 */
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Camera } from "../../src/canvas/camera";
import type { Box } from "../../src/document/geometry";
import { HitIndex } from "../../src/document/hit";
import { outlineOf } from "../../src/document/outline";
import { withoutHoles } from "../../src/document/paint";
import type { Instance, Mask } from "../../src/document/scene";
import { find } from "../../src/document/scene";
import { Drawing } from "../../src/editing/drawing";
import { makeHoles, makeParts } from "../../src/editing/holes";
import { Levels } from "../../src/editing/levels";
import { Prompting } from "../../src/editing/prompting";
import { accept, reject, relabel, step, targets } from "../../src/editing/review";
import { duplicate, merge, nudge, reshape, separate } from "../../src/editing/shapes";
import type { Session } from "../../src/session/session";
import type { PointerHost } from "../../src/stage/pointers";
import { Pointers } from "../../src/stage/pointers";
import type { Tools } from "../../src/tools/registry";
import { TOOLS, makeTools, toolInHand } from "../../src/tools/registry";
import type { Tool, ToolHost } from "../../src/tools/tool";
import { offer } from "../../src/tools/tool";
import { seen, start, stored } from "../harness";
import golden from "../heatmaps.golden.json";
import type { AskedPrompt, PromptAnswer } from "../../src/saving/prompts";
import type { Random } from "../random";
import { oneOf, randomOf, whole } from "../random";
import { Prompts } from "../prompts";
import { FakeServer, refused, squareRle } from "../server";

declare const process: { readonly env: Readonly<Record<string, string | undefined>> };
declare const setImmediate: (work: () => void) => void;

const only = process.env["GESTURE_SEED"];
const SEQUENCES = Number(process.env["SEQUENCES"] ?? 2000);
const ACTS = 60;
const AT_ONCE = 200;
const SCALE = 10;
const HEATMAP = { region: [2, 2, 20, 20] as const, size: 1, values: golden.find((one) => one.name === "one sample")!.values, half: null };

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class FakeEvent extends Event {
  readonly shiftKey: boolean = false;
  readonly altKey: boolean = false;
  readonly ctrlKey: boolean = false;
  readonly metaKey = false;
  constructor(type: string, fields: object) {
    super(type, { cancelable: true });
    Object.assign(this, fields);
  }
}

/** Answers after a while, at times with nothing or not at all. */
class RandomPrompts extends Prompts {
  constructor(private readonly random: Random) {
    super();
  }

  protected override async answer({ number }: AskedPrompt): Promise<PromptAnswer> {
    const { random } = this;
    for (let turns = whole(random, 4); turns > 0; turns--) await turn();
    const dice = random();
    if (dice < 0.1) throw dice < 0.05 ? refused("no mask", 400) : new TypeError("network");
    return { number, by: "m@1", rle: dice < 0.2 ? null : squareRle(whole(random, 5)), heatmap: null };
  }
}

/** The editor without a screen: what Stage and Commands do around the tools. */
class Bench implements ToolHost, PointerHost {
  readonly element = Object.assign(new EventTarget(), {
    style: { cursor: "" },
    focus: () => {},
    setPointerCapture: () => {},
    getBoundingClientRect: () => ({ left: 0, top: 0 }),
  }) as unknown as HTMLElement;
  readonly keyPointer = { hide: () => {} };
  readonly levels: Levels;
  readonly prompting: Prompting;
  private readonly drawing: Drawing;
  private readonly tools: Tools;
  pointerAt = null;

  constructor(
    readonly session: Session,
    random: Random,
  ) {
    const mask = async () => {
      for (let turns = whole(random, 4); turns > 0; turns--) await turn();
      if (random() < 0.1) throw new Error("no mask");
      return { rle: squareRle(whole(random, 5)), by: "m", heatmap: null };
    };
    const options = { session, notice: () => {}, say: () => {} };
    this.levels = new Levels({ ...options, api: { heatmap: async () => (random() < 0.2 ? null : HEATMAP) } });
    this.prompting = new Prompting({ ...options, api: new RandomPrompts(random), pickCategory: async () => null, offerModels: () => {}, wait: turn });
    // It goes by the clock, which has no place in a sequence that is to be the same each time.
    this.prompting.preview.move = () => {};
    this.drawing = new Drawing({ ...options, pickCategory: async () => null, api: { mask, prepareMask: async () => ({}) } });
    this.tools = makeTools(this, this.levels, this.prompting);
    session.view.subscribe((now, before) => {
      if (now.scene?.imageId !== before.scene?.imageId) this.every((tool) => tool.cancel());
      if (now.tool !== before.tool) this.tools[toolInHand(before).id].cancel();
    });
    new Pointers(this);
  }

  camera = (): Camera => ({ scale: SCALE, x: 0, y: 0 });
  hits = (): HitIndex => new HitIndex(this.session.visible(), 40, 40);
  peeked = (): HitIndex => new HitIndex([], 40, 40);
  pan = (): void => {};
  zoomBy = (): void => {};
  askAt = (): void => {};
  redraw = (): void => {};
  setCursor = (): void => {};
  addInstance = (mask: Mask): void => void this.drawing.add(mask);
  addFromBox = (box: Box): void => void this.drawing.addFromBox(box);
  findAgain = (instance: Instance, box: Box): void => void this.drawing.predictAgain(instance, box);
  prepareBox = (): void => {};
  putAway = (): void => this.session.view.set({ tool: "select" });
  showPoint = (): void => {};
  say = (): void => {};
  notice = (): void => {};

  tool(): Tool {
    return this.tools[toolInHand(this.session.view.get()).id];
  }

  private every(act: (tool: Tool) => void): void {
    Object.values(this.tools).forEach(act);
  }

  send(type: string, fields: object): void {
    this.element.dispatchEvent(new FakeEvent(type, fields));
  }

  /** Nothing is pressed any more, and nothing is on its way. */
  rest(): void {
    for (const pointerId of [1, 2, 3, 9]) this.send("pointercancel", { pointerId, pointerType: "mouse", button: 0, clientX: 0, clientY: 0 });
    this.every((tool) => tool.cancel());
    this.every((tool) => tool.settle?.());
    this.levels.cancel();
  }

  command(id: string): boolean {
    this.levels.finish();
    this.tool().settle?.();
    return offer(this.tool(), id);
  }
}

const EVENTS = ["pointerdown", "pointermove", "pointerup", "pointercancel", "lostpointercapture", "dblclick", "contextmenu"];
const POINTERS = [
  { pointerId: 1, pointerType: "mouse" },
  { pointerId: 2, pointerType: "touch" },
  { pointerId: 3, pointerType: "touch" },
  { pointerId: 9, pointerType: "pen" },
];

class Run {
  readonly server = new FakeServer([4, 3]);
  readonly session: Session;
  readonly notices: string[];
  readonly bench: Bench;
  private place = [20, 20];
  private pressed = false;
  private readonly steps: Promise<void>[] = [];

  constructor(private readonly random: Random) {
    const { session, notices } = start(this.server);
    this.session = session;
    this.notices = notices;
    session.view.set({ category: 1, brushSize: 40 });
    this.bench = new Bench(session, random);
  }

  async begin(): Promise<void> {
    await this.session.open(1);
    this.session.setThreshold(0.2);
  }

  async act(): Promise<void> {
    const { random, bench, session } = this;
    const dice = random();
    if (dice < 0.7) this.pointer();
    else if (dice < 0.74) session.view.set({ tool: oneOf(random, TOOLS).id });
    else if (dice < 0.76) await this.travel("undo");
    else if (dice < 0.77) await this.travel("redo");
    else if (dice < 0.83) this.shape();
    else if (dice < 0.86) this.decide();
    else if (dice < 0.88) session.setThreshold(random());
    else if (dice < 0.9) bench.tool().cancel();
    else if (dice < 0.92) bench.tool().key?.(oneOf(random, ["ArrowLeft", "Shift+ArrowDown", "Delete"]));
    else if (dice < 0.94) bench.tool().settle?.();
    else if (dice < 0.96) this.steps.push(bench.levels.step(oneOf(random, ["larger", "smaller"])));
    else if (dice < 0.97) bench.levels.settle();
    else if (dice < 0.98) await session.open(1 + whole(random, 2));
    else if (dice < 0.99) await session.revalidate(session.imageId()!);
    else await turn();
    if (random() < 0.15) await turn();
  }

  /** Mostly what a hand does: press on something, move, let go; at times anything by any pointer. */
  private pointer(): void {
    const { random } = this;
    const wild = random() < 0.15;
    const type = wild ? oneOf(random, EVENTS) : !this.pressed ? "pointerdown" : random() < 0.65 ? "pointermove" : "pointerup";
    if (!wild) this.pressed = type !== "pointerup";
    if (type === "pointerdown") this.place = this.somewhere();
    else this.place = this.place.map((at) => Math.max(-3, Math.min(43, at + (random() - 0.5) * 14)));
    const [clientX, clientY] = this.place.map((at) => at * SCALE);
    const keys = { shiftKey: random() < 0.1, altKey: random() < 0.1, ctrlKey: random() < 0.1 };
    const pointer = wild ? oneOf(random, POINTERS) : POINTERS[0];
    this.bench.send(type, { ...pointer, ...keys, button: random() < 0.95 ? 0 : 1, clientX, clientY });
  }

  /** On a corner, a side or in the middle of an instance, or anywhere. */
  private somewhere(): number[] {
    const { random, session } = this;
    const visible = session.visible();
    if (visible.length === 0 || random() < 0.3) return [random() * 40, random() * 40];
    const { box } = outlineOf(oneOf(random, visible).mask);
    return [oneOf(random, [box.x0, (box.x0 + box.x1) / 2, box.x1]), oneOf(random, [box.y0, (box.y0 + box.y1) / 2, box.y1])];
  }

  private async travel(verb: "undo" | "redo"): Promise<void> {
    if (!this.bench.command(verb)) await this.session[verb]();
  }

  private shape(): void {
    const { random, session, bench } = this;
    bench.levels.finish();
    const { scene } = session.view.get();
    const some = scene!.instances.filter(() => random() < 0.4);
    const chosen = random() < 0.5 ? targets(session) : some;
    switch (whole(random, 9)) {
      case 0:
        return duplicate(session, chosen);
      case 1:
        return merge(session, chosen);
      case 2:
        return separate(session, chosen.slice(0, 1));
      case 3:
        return nudge(session, chosen, whole(random, 3) - 1, 1);
      case 4:
        return reshape(session, chosen, withoutHoles);
      case 5:
        return void makeHoles(session, chosen, null);
      case 6:
        return void makeParts(session, chosen, null);
      case 7:
        return void bench.command(oneOf(random, ["nextVertex", "nextHandle", "addVertex", "deleteVertex", "acceptAll"]));
      default:
        return session.view.set({ selection: some.slice(0, 2).map((one) => one.key) });
    }
  }

  private decide(): void {
    const { random, session, bench } = this;
    bench.levels.finish();
    const dice = whole(random, 4);
    if (dice === 0) accept(session);
    else if (dice === 1) reject(session);
    else if (dice === 2) relabel(session, oneOf(random, [1, 3, 91]));
    else step(session, 1);
  }

  async finish(): Promise<void> {
    for (let turns = 0; turns < 8; turns++) await turn();
    this.bench.levels.settle();
    // A key's step waits for its heatmap, and is a gesture once it is there.
    await Promise.all(this.steps);
    this.bench.rest();
    for (let turns = 0; this.session.saver.unsaved() > 0 || !this.bench.prompting.isIdle; turns++) {
      if (turns > 2000) throw new Error("never saved");
      await turn();
    }
    await turn();
    expect(this.session.view.get().draft).toBeNull();
  }

  async documents(): Promise<unknown[]> {
    return [await stored(this.server, 1), await stored(this.server, 2)];
  }
}

/** Every mask covers something and lies within the picture, and no key occurs twice. */
function expectSound({ session }: Run): void {
  const { scene, selection } = session.view.get();
  const keys = scene!.instances.map((one) => one.key);
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of selection) expect(find(scene!, key)).not.toBeNull();
  for (const { mask } of scene!.instances) {
    const { box, area } = outlineOf(mask);
    expect(area).toBeGreaterThan(0);
    expect([box.x0 >= 0, box.y0 >= 0, box.x1 <= 40, box.y1 <= 40]).toEqual([true, true, true, true]);
  }
}

async function sequence(seed: number): Promise<number> {
  const run = new Run(randomOf(seed));
  await run.begin();
  const first = await run.documents();
  for (let act = 0; act < ACTS; act++) {
    await run.act();
    expectSound(run);
  }
  await run.finish();
  const { session } = run;
  const last = await run.documents();
  expect(seen(session.view.get().scene!)).toEqual(last[session.imageId()! - 1]);
  const steps = session.view.get().history.past.length;
  for (let step = 0; step < steps; step++) await session.undo();
  await run.finish();
  expect(await run.documents()).toEqual(first);
  for (let step = 0; step < steps; step++) await session.redo();
  await run.finish();
  expect(await run.documents()).toEqual(last);
  expect(run.notices).not.toContain("undoChanged");
  expect(run.notices).not.toContain("refused");
  return steps;
}

describe("random hands", () => {
  beforeAll(() => {
    vi.stubGlobal("PointerEvent", FakeEvent);
    vi.stubGlobal("window", { setTimeout: () => 0 });
  });
  const all = Array.from({ length: SEQUENCES }, (_, seed) => seed);
  const seeds = only === undefined ? all : [Number(only)];
  const blocks = Array.from({ length: Math.ceil(seeds.length / AT_ONCE) }, (_, n) => seeds.slice(n * AT_ONCE, (n + 1) * AT_ONCE));
  it.each(blocks.map((block) => [block[0], block] as const))(
    "leave steps that lead back to the beginning, and forth again (seeds from %i)",
    async (_, block) => {
      let steps = 0;
      for (const seed of block) {
        steps += await sequence(seed).catch((error: unknown) => {
          throw new Error(`GESTURE_SEED=${seed}`, { cause: error });
        });
      }
      if (only === undefined) expect(steps).toBeGreaterThan(block.length);
    },
    60_000,
  );
});
