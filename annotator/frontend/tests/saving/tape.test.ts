import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import type { History, HistoryEntry, PictureStep } from "../../src/document/history";
import { EMPTY_HISTORY, forgotten, recorded, redone, undone, withChangeMoved, withoutCategorySteps } from "../../src/document/history";
import type { Instance } from "../../src/document/scene";
import { maskOfRle } from "../../src/document/scene";
import { Tape } from "../../src/saving/tape";
import { randomOf, whole } from "../random";

class Storage {
  readonly values = new Map<string, string>();
  getItem = (key: string): string | null => this.values.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.values.set(key, value);
  removeItem = (key: string): void => void this.values.delete(key);
}

/** One browser; a page gives its names up when it is closed. */
class Browser {
  readonly factory = new IDBFactory();
  private readonly owners = new Map<string, number>();
  private pages = 0;
  clock = 1;

  page(storage = new Storage(), project = "p") {
    const page = ++this.pages;
    const claim = (name: string): Promise<boolean> => {
      if (!this.owners.has(name)) this.owners.set(name, page);
      return Promise.resolve(this.owners.get(name) === page);
    };
    const close = (): void => {
      for (const [name, owner] of this.owners) if (owner === page) this.owners.delete(name);
    };
    const tape = new Tape({ project, tabs: { claim }, factory: this.factory, storage, now: () => this.clock++ });
    return { tape, close };
  }
}

const mask = maskOfRle("runs", 40);
let made = 0;

function step(imageId = 1): HistoryEntry {
  const before: Instance = { key: `k${made++}`, category: 1, state: "suggested", score: 0.5, source: "m@1", edited: false, mask };
  return { imageId, edits: [{ before, after: { ...before, state: "accepted" } }], reviewed: null };
}

const keys = ({ past, future }: History): unknown =>
  [past, future].map((side) => side.map((entry) => ("change" in entry ? entry.change : "verdict" in entry ? entry.verdict : entry.edits[0].before!.key)));
const written = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40));

describe("the tape", () => {
  it("gives a thousand steps back after a reload", async () => {
    const [browser, storage] = [new Browser(), new Storage()];
    const { tape, close } = browser.page(storage);
    let history = await tape.load();
    for (let n = 0; n < 1000; n++) {
      const next = recorded(history, step());
      tape.follow(next, history);
      history = next;
    }
    await written();
    close();
    const later = await browser.page(storage).tape.load();
    expect(keys(later)).toEqual(keys(history));
    // One mask before and after stays one mask: undoing a decision sends none.
    const [edit] = (later.past[0] as PictureStep).edits;
    expect(edit.before!.mask).toBe(edit.after!.mask);
  }, 60_000);

  it.each(Array.from({ length: 12 }, (_, seed) => seed))("is what the memory was, whatever was done and whenever one reloads (seed %i)", async (seed) => {
    const random = randomOf(seed);
    const [browser, storage] = [new Browser(), new Storage()];
    let { tape, close } = browser.page(storage);
    let history = await tape.load();
    for (let turn = 0; turn < 80; turn++) {
      const dice = random();
      const before = history;
      if (dice < 0.35) history = recorded(history, step(whole(random, 3)));
      else if (dice < 0.45) history = recorded(history, { change: whole(random, 3) });
      else if (dice < 0.5) history = withChangeMoved(history, whole(random, 3), dice < 0.475 ? "undo" : "redo");
      else if (dice < 0.72) history = undone(history);
      else if (dice < 0.9) history = redone(history);
      else if (dice < 0.93) history = forgotten(history, whole(random, 3));
      else if (dice < 0.95) history = withoutCategorySteps(history);
      else {
        if (random() < 0.2) await written();
        tape.leave();
        close();
        ({ tape, close } = browser.page(storage));
        const loaded = await tape.load();
        expect(keys(loaded)).toEqual(keys(history));
        history = loaded;
        continue;
      }
      tape.follow(history, before);
    }
  }, 30_000);

  it("is one tab's own, and a closed tab's goes to the next", async () => {
    const browser = new Browser();
    const first = browser.page();
    const history = recorded(await first.tape.load(), step());
    first.tape.follow(history, EMPTY_HISTORY);
    await written();
    expect(await browser.page().tape.load()).toEqual(EMPTY_HISTORY);
    expect(await browser.page(new Storage(), "another").tape.load()).toEqual(EMPTY_HISTORY);
    first.close();
    expect(keys(await browser.page().tape.load())).toEqual(keys(history));
  });

  it("is not shared by a tab and its copy", async () => {
    const [browser, storage] = [new Browser(), new Storage()];
    const first = browser.page(storage);
    const history = recorded(await first.tape.load(), step());
    first.tape.follow(history, EMPTY_HISTORY);
    await written();
    const copied = new Storage();
    for (const [name, value] of storage.values) copied.setItem(name, value);
    expect(await browser.page(copied).tape.load()).toEqual(EMPTY_HISTORY);
  });

  it("leaves undo to the memory where a browser has no database", async () => {
    const tape = new Tape({ project: "p", tabs: { claim: async () => true }, factory: undefined, storage: null });
    expect(await tape.load()).toEqual(EMPTY_HISTORY);
    tape.follow(recorded(EMPTY_HISTORY, step()), EMPTY_HISTORY);
    tape.leave();
  });
});
