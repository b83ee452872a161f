/**
 * Undo and redo across a reload: every step of a tab lies on a tape of its own in the browser's database, written as it
 * is made. A step is never rewritten; undoing only moves the place between past and future.
 */
import type { History, HistoryEntry } from "../document/history";
import { EMPTY_HISTORY } from "../document/history";
import { randomName } from "../document/names";
import { openDatabase } from "./database";
import type { Tabs } from "./tabs";

const NAME = "annotator-history";
const STEPS = "steps";
const TAPES = "tapes";
/** Tapes that nobody has wound for so long go. */
const OLD_MS = 60 * 24 * 3600 * 1000;

interface Step {
  readonly tape: string;
  /** Later steps have larger ones. */
  readonly id: number;
  readonly entry: HistoryEntry;
}

interface Label {
  readonly tape: string;
  readonly project: string;
  readonly at: number;
  /** How many of the last steps are undone. */
  readonly undone: number;
  /** The largest id of a step there ever was: none is used twice. */
  readonly last: number;
  /** Counts the changes, so that what the page left behind in its last moment is known to be newer. */
  readonly version: number;
}

/** What was not known to be written when the page went. */
interface Rest {
  readonly label: Label;
  readonly gone: readonly number[];
  readonly added: readonly Step[];
}

export interface TapeOptions {
  readonly project: string;
  readonly tabs: Pick<Tabs, "claim">;
  readonly factory: IDBFactory | undefined;
  /** Of this tab alone; null where the browser forbids it. */
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null;
  readonly now?: () => number;
}

export class Tape {
  private name = randomName();
  private database: IDBDatabase | null = null;
  private last = 0;
  private version = 0;
  private undone = 0;
  private readonly ids = new WeakMap<HistoryEntry, number>();
  /** Changes on their way to the disk, by version. */
  private readonly written = new Map<number, Rest>();

  constructor(private readonly options: TapeOptions) {}

  /** What can be undone and redone; nothing where the browser keeps nothing. */
  async load(): Promise<History> {
    try {
      this.database = await openDatabase({ factory: this.options.factory, name: NAME, create: createStores });
      return this.database === null ? EMPTY_HISTORY : await this.read(this.database);
    } catch {
      this.database = null;
      return EMPTY_HISTORY;
    }
  }

  /** Writes down how one history became the next. */
  follow(now: History, before: History): void {
    if (this.database === null || now === before) return;
    const added = appended(now, before) ?? fresh(now, before);
    const gone = (added.length === 1 && now.future.length === 0 ? before.future : missing(now, before)).flatMap(
      (entry) => this.ids.get(entry) ?? [],
    );
    const steps = added.map((entry): Step => {
      this.ids.set(entry, ++this.last);
      return { tape: this.name, id: this.last, entry };
    });
    this.undone = now.future.length;
    this.version++;
    this.write(this.database, { label: this.label(), gone, added: steps });
  }

  /** In the page's last moment: what may not have reached the disk is left with the tab. */
  leave(): void {
    const rests = [...this.written.values()];
    if (rests.length === 0) return;
    const added = rests.flatMap((rest) => rest.added);
    const gone = rests.flatMap((rest) => rest.gone);
    this.store({ label: this.label(), added: added.filter((step) => !gone.includes(step.id)), gone });
  }

  private async read(database: IDBDatabase): Promise<History> {
    const { project, storage } = this.options;
    const labels = (await all<Label>(database, TAPES)).sort((a, b) => b.at - a.at);
    const rest = parsed(storage?.getItem(this.storageKey()) ?? null);
    await this.choose(labels, rest);
    const own = labels.find((label) => label.tape === this.name);
    const steps = new Map((await all<Step>(database, STEPS, this.name)).map((step) => [step.id, step]));
    let { undone, version, last } = own ?? { undone: 0, version: 0, last: 0 };
    if (rest !== null && rest.label.tape === this.name && rest.label.version > version) {
      for (const id of rest.gone) steps.delete(id);
      for (const step of rest.added) steps.set(step.id, step);
      ({ undone, version, last } = rest.label);
    }
    const sorted = [...steps.values()].sort((a, b) => a.id - b.id);
    for (const { id, entry } of sorted) this.ids.set(entry, id);
    [this.last, this.undone, this.version] = [last, undone, version + 1];
    // What the tab was left with is on the disk from here on.
    this.write(database, { label: this.label(), gone: rest?.gone ?? [], added: rest?.label.tape === this.name ? rest.added : [] });
    this.store(null);
    const old = labels.filter((label) => label.project !== project || label.tape !== this.name);
    void this.sweep(database, old);
    const entries = sorted.map((step) => step.entry);
    const done = Math.max(0, entries.length - undone);
    return { past: entries.slice(0, done), future: entries.slice(done).reverse() };
  }

  /** The tab's own tape; else the newest of the project that no open tab has; else a new one. */
  private async choose(labels: readonly Label[], rest: Rest | null): Promise<void> {
    const { tabs, project } = this.options;
    if (rest !== null && (await tabs.claim(rest.label.tape))) {
      this.name = rest.label.tape;
      return;
    }
    for (const label of rest === null ? labels : []) {
      if (label.project !== project || !(await tabs.claim(label.tape))) continue;
      this.name = label.tape;
      return;
    }
    await tabs.claim(this.name);
  }

  private write(database: IDBDatabase, rest: Rest): void {
    const { version } = rest.label;
    this.written.set(version, rest);
    try {
      const transaction = database.transaction([STEPS, TAPES], "readwrite", { durability: "relaxed" });
      transaction.oncomplete = () => void this.written.delete(version);
      transaction.onabort = () => this.giveUp(database);
      const steps = transaction.objectStore(STEPS);
      for (const id of rest.gone) steps.delete([this.name, id]);
      for (const step of rest.added) steps.put(step);
      transaction.objectStore(TAPES).put(rest.label);
      transaction.commit();
    } catch {
      this.giveUp(database);
    }
  }

  /** Without room, half a history would be worse than none: the tab's memory has it until a reload. */
  private giveUp(database: IDBDatabase): void {
    this.database = null;
    this.written.clear();
    this.store(null);
    erase(database, this.name);
  }

  private async sweep(database: IDBDatabase, labels: readonly Label[]): Promise<void> {
    const now = (this.options.now ?? Date.now)();
    for (const { tape, at } of labels) {
      if (now - at > OLD_MS && (await this.options.tabs.claim(tape))) erase(database, tape);
    }
  }

  private label(): Label {
    const at = (this.options.now ?? Date.now)();
    return { tape: this.name, project: this.options.project, at, undone: this.undone, last: this.last, version: this.version };
  }

  private storageKey(): string {
    return `annotator:history:${this.options.project}`;
  }

  /** The tab remembers which tape is its own, and what may be missing on it. */
  private store(rest: Rest | null): void {
    const nothing: Rest = { label: { ...this.label(), version: 0 }, gone: [], added: [] };
    try {
      this.options.storage?.setItem(this.storageKey(), JSON.stringify(rest ?? nothing));
    } catch {
      // More than a tab may keep: the last steps before a reload are lost for undo, never for the project.
    }
  }
}

/** The one new step of an ordinary gesture, or none where steps were only undone or redone; null for anything else. */
function appended(now: History, before: History): readonly HistoryEntry[] | null {
  const [was, is] = [before.past.length, now.past.length];
  if (now.future.length === 0 && is === was + 1 && now.past[was - 1] === before.past[was - 1]) {
    const entry = now.past[was];
    return before.future.at(-1) === entry ? null : [entry];
  }
  return null;
}

function fresh(now: History, before: History): HistoryEntry[] {
  const known = new Set([...before.past, ...before.future]);
  return [...now.past, ...now.future].filter((entry) => !known.has(entry));
}

function missing(now: History, before: History): HistoryEntry[] {
  return fresh(before, now);
}

function all<T>(database: IDBDatabase, store: string, tape?: string): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const range = tape === undefined ? undefined : IDBKeyRange.bound([tape], [tape, []]);
    const request = database.transaction(store).objectStore(store).getAll(range) as IDBRequest<T[]>;
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function erase(database: IDBDatabase, tape: string): void {
  try {
    const transaction = database.transaction([STEPS, TAPES], "readwrite");
    transaction.objectStore(STEPS).delete(IDBKeyRange.bound([tape], [tape, []]));
    transaction.objectStore(TAPES).delete(tape);
  } catch {
    // The database is gone, and the tape with it.
  }
}

function createStores(database: IDBDatabase): void {
  database.createObjectStore(STEPS, { keyPath: ["tape", "id"] });
  database.createObjectStore(TAPES, { keyPath: "tape" });
}

function parsed(text: string | null): Rest | null {
  try {
    const rest = JSON.parse(text ?? "null") as Rest | null;
    return typeof rest?.label?.tape === "string" && Array.isArray(rest.added) && Array.isArray(rest.gone) ? rest : null;
  } catch {
    return null;
  }
}
