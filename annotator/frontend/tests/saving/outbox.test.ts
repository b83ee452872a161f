import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { BrowserOutbox, shelfKey } from "../../src/saving/outbox";
import type { Pending } from "../../src/saving/pending";

class Shelf {
  readonly values = new Map<string, string>();
  /** As a browser does where nothing is left of its 5 MB. */
  full = false;
  get length(): number {
    return this.values.size;
  }
  key(index: number): string | null {
    return [...this.values.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.values.set(key, value);
  }
  removeItem(key: string): void {
    this.values.delete(key);
  }
}

/** The tabs of one browser: each name is one page's at a time. */
class Browser {
  readonly shelf = new Shelf();
  private readonly owners = new Map<string, number>();
  private pages = 0;

  constructor(readonly factory: IDBFactory | undefined = new IDBFactory()) {}

  tab(client: string, project = "p") {
    const page = ++this.pages;
    const claim = (name: string): Promise<boolean> => {
      if (!this.owners.has(name)) this.owners.set(name, page);
      return Promise.resolve(this.owners.get(name) === page);
    };
    const close = (): void => {
      for (const [name, owner] of this.owners) if (owner === page) this.owners.delete(name);
    };
    const outbox = new BrowserOutbox({ project, client, tabs: { claim }, shelf: this.shelf, factory: this.factory, now: () => page });
    return { outbox, close };
  }
}

function gesture(client: string, number: number, imageId = 1): Pending {
  return { client, number, imageId, revision: 1, body: { verb: "accept", changes: [] } };
}

const named = (list: readonly Pending[]): string[] => list.map(({ client, number }) => `${client}${number}`);
const written = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

const KINDS = [
  ["IndexedDB", () => new Browser()],
  ["localStorage alone", () => new Browser(undefined)],
  ["a database that cannot be opened", () => new Browser(refusing())],
] as const;

/** As a private window of some browsers. */
function refusing(): IDBFactory {
  const factory = new IDBFactory();
  factory.open = () => {
    throw new DOMException("no", "SecurityError");
  };
  return factory;
}

describe.each(KINDS)("with %s", (_, make) => {
  it("a closed tab's gestures come to the next one, in order, until they are saved", async () => {
    const browser = make();
    const closed = browser.tab("a");
    await closed.outbox.takeOrphans();
    for (const number of [1, 2, 3]) closed.outbox.put(gesture("a", number));
    closed.outbox.drop([gesture("a", 1)], { ...gesture("a", 2), revision: 7 });
    await written();
    closed.close();
    const next = browser.tab("b");
    const orphans = await next.outbox.takeOrphans();
    expect(orphans.map(({ number, revision }) => [number, revision])).toEqual([
      [2, 7],
      [3, 1],
    ]);
    expect(Object.keys(orphans[0]).sort()).toEqual(["body", "client", "imageId", "number", "revision"]);
    next.outbox.drop([orphans[0]]);
    await written();
    next.close();
    const last = browser.tab("c");
    expect(named(await last.outbox.takeOrphans())).toEqual(["a3"]);
    last.outbox.drop([gesture("a", 3)]);
    await written();
    last.close();
    expect(await browser.tab("d").outbox.takeOrphans()).toEqual([]);
  });

  it("an open tab's gestures stay with it, and those of a closed one go to one tab only", async () => {
    const browser = make();
    const [closed, open] = [browser.tab("a"), browser.tab("b")];
    await Promise.all([closed.outbox.takeOrphans(), open.outbox.takeOrphans()]);
    closed.outbox.put(gesture("a", 1));
    open.outbox.put(gesture("b", 1));
    await written();
    expect(await open.outbox.takeOrphans()).toEqual([]);
    closed.close();
    const found = await Promise.all([browser.tab("c").outbox.takeOrphans(), browser.tab("d").outbox.takeOrphans()]);
    expect(found.map(named).flat()).toEqual(["a1"]);
  });

  it("another project's gestures are left alone", async () => {
    const browser = make();
    const other = browser.tab("a", "other");
    await other.outbox.takeOrphans();
    other.outbox.put(gesture("a", 1));
    await written();
    other.close();
    expect(await browser.tab("b").outbox.takeOrphans()).toEqual([]);
    expect(named(await browser.tab("c", "other").outbox.takeOrphans())).toEqual(["a1"]);
  });

  it("takes over what the version before kept in localStorage, and what is broken there harms nobody", async () => {
    const browser = make();
    const old = [gesture("a", 2), gesture("a", 1)];
    browser.shelf.setItem(shelfKey("p", "a"), JSON.stringify(old));
    browser.shelf.setItem(shelfKey("p", "b"), '[{"client": "b", "num');
    browser.shelf.setItem(shelfKey("p", "c"), '[null, 3, {"client": "c"}, {"client": 4, "number": "x"}]');
    const next = browser.tab("d");
    expect(named(await next.outbox.takeOrphans())).toEqual(["a1", "a2"]);
    await written();
    expect(browser.shelf.getItem(shelfKey("p", "a"))).toBeNull();
    next.close();
    expect(named(await browser.tab("e").outbox.takeOrphans())).toEqual(["a1", "a2"]);
  });
});

describe("where storage fails on the way", () => {
  it("what was done before the database is open is kept in it as soon as it is", async () => {
    const browser = new Browser();
    const early = browser.tab("a");
    early.outbox.put(gesture("a", 1));
    expect(browser.shelf.length).toBe(1);
    await written();
    expect(browser.shelf.length).toBe(0);
    expect(named(await browser.tab("b").outbox.takeOrphans())).toEqual(["a1"]);
  });

  it("a database that is lost leaves its gestures to localStorage", async () => {
    const browser = new Browser();
    const tab = browser.tab("a");
    await tab.outbox.takeOrphans();
    tab.outbox.put(gesture("a", 1));
    await written();
    // Another version of the page, or the person, deletes it.
    await new Promise((resolve) => (browser.factory!.deleteDatabase("annotator").onsuccess = resolve));
    tab.outbox.put(gesture("a", 2));
    tab.close();
    expect(named(await browser.tab("b").outbox.takeOrphans())).toEqual(["a1", "a2"]);
  });

  it("a browser that takes nothing at all costs only the second copy", async () => {
    const browser = new Browser(undefined);
    browser.shelf.full = true;
    const { outbox } = browser.tab("a");
    outbox.put(gesture("a", 1));
    outbox.drop([gesture("a", 1)]);
    expect(await outbox.takeOrphans()).toEqual([]);
  });
});
