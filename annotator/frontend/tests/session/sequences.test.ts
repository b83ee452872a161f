/**
 * Two thousand random sequences of gestures against a model of the document, with undo, redo, reload, a gallery on
 * other pictures and a network that loses requests and answers. SEED=n runs one of them, SEQUENCES=n that many.
 */
import { describe, expect, it } from "vitest";
import type { Instance } from "../../src/document/scene";
import { find, maskOfParts, reshaped } from "../../src/document/scene";
import { accept, acceptVisible, reject, relabel } from "../../src/editing/review";
import { Saver } from "../../src/saving/saver";
import { Session } from "../../src/session/session";
import { MemoryOutbox, seen, stored } from "../harness";
import type { Random } from "../random";
import { oneOf, randomOf, whole } from "../random";
import { FakeServer } from "../server";

// Of Node, whose types the editor has no other use for.
declare const process: { readonly env: Readonly<Record<string, string | undefined>> };
declare const setImmediate: (work: () => void) => void;

const GESTURES = 30;
const AT_ONCE = 100;
const sequences = Number(process.env["SEQUENCES"] ?? 2000);
const only = process.env["SEED"];

const shape = (x: number) => maskOfParts([[[[x, 1], [x + 5, 1], [x + 5, 6]]]], 40);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What the document should hold, written without a line of what is tested. */
interface Thing {
  readonly category: number;
  readonly state: string;
  readonly shape: string;
  readonly score: number | null;
}
interface Page {
  readonly reviewed: boolean;
  readonly things: Readonly<Record<string, Thing>>;
}

class Model {
  pages: Readonly<Record<number, Page>> = {};
  past: { id: number; before: Page; after: Page }[] = [];
  future: { id: number; before: Page; after: Page }[] = [];

  put(id: number, after: Page): void {
    this.past.push({ id, before: this.pages[id], after });
    this.future = [];
    this.pages = { ...this.pages, [id]: after };
  }

  change(id: number, keys: readonly string[], make: (thing: Thing) => Thing | null, reviewed?: boolean): void {
    const things = { ...this.pages[id].things };
    for (const key of keys) {
      const made = make(things[key]);
      if (made === null) delete things[key];
      else things[key] = made;
    }
    const now = this.pages[id].reviewed;
    if (keys.length > 0 || (reviewed ?? now) !== now) this.put(id, { reviewed: reviewed ?? now, things });
  }

  undo(): number | null {
    const step = this.past.pop();
    if (step === undefined) return null;
    this.future.push(step);
    this.pages = { ...this.pages, [step.id]: step.before };
    return step.id;
  }

  redo(): number | null {
    const step = this.future.pop();
    if (step === undefined) return null;
    this.past.push(step);
    this.pages = { ...this.pages, [step.id]: step.after };
    return step.id;
  }

  seen(id: number): unknown {
    const { reviewed, things } = this.pages[id];
    const instances = Object.entries(things)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { category, state, shape }]) => ({ key, category, state, shape }));
    return { reviewed, instances };
  }
}

class Run {
  readonly server = new FakeServer([3, 5, 0]);
  readonly model = new Model();
  readonly outbox = new MemoryOutbox();
  session: Session;
  private tabs = 0;
  private made = 0;
  private alive = { on: true };

  constructor(private readonly random: Random) {
    const flaky = (): void => {
      if (random() < 0.15) throw new TypeError("network");
    };
    this.server.before = this.server.after = flaky;
    this.session = this.tab();
  }

  async begin(): Promise<void> {
    for (const id of [1, 2, 3]) {
      const document = await this.server.document(id);
      const things = document.instances.map(
        ({ key, category, state, rle, score }) => [key, { category, state, score, shape: rle }] as const,
      );
      this.model.pages = { ...this.model.pages, [id]: { reviewed: false, things: Object.fromEntries(things) } };
    }
    await this.session.refreshQueue();
    await this.session.open(1);
  }

  /** One thing that a person does, and what it should have done. */
  async act(): Promise<void> {
    const { random, session, model } = this;
    const { scene, threshold } = session.view.get();
    const id = scene!.imageId;
    const keys = Object.keys(model.pages[id].things);
    const some = keys.filter(() => random() < 0.3);
    const things = model.pages[id].things;
    const instances = some.map((key) => find(scene!, key)!);
    const dice = random();
    if (dice < 0.12) this.add(id);
    else if (dice < 0.24) {
      accept(session, instances);
      model.change(id, some.filter((key) => things[key].state !== "accepted"), (one) => ({ ...one, state: "accepted" }));
    } else if (dice < 0.36) {
      reject(session, instances);
      const touched = some.filter((key) => things[key].state !== "rejected");
      model.change(id, touched, (one) => (one.score === null ? null : { ...one, state: "rejected" }));
    } else if (dice < 0.44) {
      const category = oneOf(random, [1, 3, 91]);
      relabel(session, category, instances);
      const touched = some.filter((key) => things[key].category !== category || things[key].state !== "accepted");
      model.change(id, touched, (one) => ({ ...one, category, state: "accepted" }));
    } else if (dice < 0.54) this.reshape(id, instances);
    else if (dice < 0.58) {
      acceptVisible(session);
      const shown = keys.filter((key) => things[key].state === "suggested" && (things[key].score ?? 1) >= threshold);
      model.change(id, shown, (one) => ({ ...one, state: "accepted" }), true);
    } else if (dice < 0.61) {
      const reviewed = random() < 0.5;
      session.commit("review", [], reviewed);
      model.change(id, [], (one) => one, reviewed);
    } else if (dice < 0.66) session.setThreshold(random());
    else if (dice < 0.72) await this.open(1 + whole(random, 3));
    else if (dice < 0.78) await this.decideElsewhere(1 + whole(random, 3));
    else if (dice < 0.88) await this.travel("undo");
    else if (dice < 0.96) await this.travel("redo");
    else await this.reload();
    if (random() < 0.3) await turn();
  }

  check(): void {
    const { scene } = this.session.view.get();
    expect(seen(scene!)).toEqual(this.model.seen(scene!.imageId));
  }

  /** Whatever was saved is what the model holds, on every picture. */
  async checkSaved(): Promise<void> {
    await this.saved();
    for (const id of [1, 2, 3]) expect(await stored(this.server, id)).toEqual(this.model.seen(id));
  }

  async travel(verb: "undo" | "redo"): Promise<void> {
    const id = this.model[verb]();
    await this.session[verb]();
    if (id !== null) expect(this.session.imageId()).toBe(id);
  }

  private add(id: number): void {
    const key = `n${this.made++}`;
    const mask = shape(whole(this.random, 30));
    const after = { key, category: 3, state: "accepted", score: null, source: "manual", edited: false, mask } as const;
    this.session.commit("add", [{ before: null, after }]);
    const page = this.model.pages[id];
    const thing = { category: 3, state: "accepted", score: null, shape: JSON.stringify(mask.parts) };
    this.model.put(id, { ...page, things: { ...page.things, [key]: thing } });
  }

  private reshape(id: number, instances: readonly Instance[]): void {
    const mask = shape(whole(this.random, 30));
    this.session.commit("edit", instances.map((before) => ({ before, after: reshaped(before, mask) })));
    const keys = instances.map((one) => one.key);
    this.model.change(id, keys, (one) => ({ ...one, state: "accepted", shape: JSON.stringify(mask.parts) }));
  }

  /** As the gallery does: a picture that need not be open. */
  private async decideElsewhere(id: number): Promise<void> {
    const keys = Object.keys(this.model.pages[id].things);
    if (keys.length === 0) return;
    const key = oneOf(this.random, keys);
    await this.session.commitOn(id, "reject", (scene) => {
      const before = find(scene, key)!;
      return [{ before, after: { ...before, state: "rejected" } }];
    });
    this.model.change(id, [key], (one) => ({ ...one, state: "rejected" }));
  }

  private async open(id: number): Promise<void> {
    await this.session.open(id);
    expect(this.session.imageId()).toBe(id);
  }

  /** The page goes in the middle of whatever it does; the next one has what the browser kept. */
  private async reload(): Promise<void> {
    const id = this.session.imageId()!;
    const { history } = this.session.view.get();
    this.alive.on = false;
    this.session = this.tab();
    this.session.view.set({ history: structuredClone(history) });
    this.session.saver.adopt(this.outbox.pending());
    await this.saved();
    await this.session.refreshQueue();
    await this.open(id);
  }

  private async saved(): Promise<void> {
    for (let turns = 0; this.session.saver.unsaved() > 0; turns++) {
      if (turns > 5000) throw new Error("never saved");
      await turn();
    }
    await turn();
  }

  private tab(): Session {
    const { server, outbox } = this;
    const client = `tab${this.tabs++}`;
    const alive = (this.alive = { on: true });
    return new Session({
      api: server,
      categories: server.categories,
      leases: server.leases(client),
      verdicts: server.verdicts,
      makeSaver: (owner) =>
        new Saver({
          outbox,
          client,
          // Of a page that has gone nothing more is sent.
          post: (id, gesture) => (alive.on ? server.post(id, gesture) : new Promise(() => {})),
          wait: turn,
          onStatus: () => {},
          onConflict: (id) => void owner.onConflict(id),
          onRefused: (_, line) => {
            throw new Error(line);
          },
          onClosed: (_, line) => {
            throw new Error(line);
          },
          onSettled: (id) => owner.onSettled(id),
        }),
      notice: (kind, text, detail) => {
        if (kind === "error") throw new Error(`${text}: ${detail}`);
      },
      preload: () => {},
      now: () => 0,
    });
  }
}

async function sequence(seed: number): Promise<void> {
  const random = randomOf(seed);
  const run = new Run(random);
  await run.begin();
  const first = run.model.pages;
  for (let gesture = 0; gesture < GESTURES; gesture++) {
    await run.act();
    run.check();
  }
  await run.checkSaved();
  const last = run.model.pages;
  const steps = run.model.past.length;
  for (let step = 0; step < steps; step++) await run.travel("undo");
  expect(run.model.pages).toEqual(first);
  await run.checkSaved();
  for (let step = 0; step < steps; step++) await run.travel("redo");
  expect(run.model.pages).toEqual(last);
  await run.checkSaved();
}

describe("random gestures", () => {
  const all = Array.from({ length: sequences }, (_, seed) => seed);
  const seeds = only === undefined ? all : [Number(only)];
  const blocks = Array.from({ length: Math.ceil(seeds.length / AT_ONCE) }, (_, n) => seeds.slice(n * AT_ONCE, (n + 1) * AT_ONCE));
  it.each(blocks.map((block) => [block[0], block] as const))(
    "leave what a model of the document says, saved and shown (seeds from %i)",
    async (_, block) => {
      for (const seed of block) {
        await sequence(seed).catch((error: unknown) => {
          throw new Error(`SEED=${seed}`, { cause: error });
        });
      }
    },
    60_000,
  );
});
