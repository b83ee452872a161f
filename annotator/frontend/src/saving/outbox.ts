/**
 * Where the browser keeps gestures that the server has not acknowledged: IndexedDB, or localStorage where a browser has
 * no IndexedDB, forbids it (some private windows) or has no room left in it.
 */
import { openDatabase } from "./database";
import type { Outbox, Pending } from "./pending";
import type { Shelf } from "./shelf";
import type { Tabs } from "./tabs";

const NAME = "annotator";
const STORE = "unsaved";
const PREFIX = "annotator:unsaved";

/** A gesture as it is kept; `project`, `client` and `number` name it. */
interface Kept extends Pending {
  readonly project: string;
  readonly at: number;
}

export interface OutboxOptions {
  readonly project: string;
  readonly client: string;
  readonly tabs: Pick<Tabs, "claim">;
  readonly shelf: (Shelf & Pick<Storage, "length" | "key">) | null;
  readonly factory: IDBFactory | undefined;
  readonly now?: () => number;
}

export function shelfKey(project: string, client: string): string {
  return `${PREFIX}:${project}:${client}`;
}

export class BrowserOutbox implements Outbox {
  /** What is kept for this tab, so that it can move from the database to the shelf at any time. */
  private readonly held = new Map<string, Kept>();
  private readonly opening: Promise<IDBDatabase | null>;
  private database: IDBDatabase | null = null;
  /** Before the database is open, or once it has failed, everything lies on the shelf. */
  private shelved = false;

  constructor(private readonly options: OutboxOptions) {
    this.opening = openDatabase({
      factory: options.factory,
      name: NAME,
      create: (database) => void database.createObjectStore(STORE, { keyPath: ["project", "client", "number"] }),
      onLost: () => this.fail(),
    });
    void this.opening.then((database) => this.opened(database));
  }

  put(gesture: Pending): void {
    const kept = this.entry(gesture);
    this.held.set(nameOf(gesture), kept);
    if (this.database === null) this.shelve();
    else void this.write(this.database, (store) => void store.put(kept));
  }

  drop(gestures: readonly Pending[], next?: Pending): void {
    for (const gesture of gestures) this.held.delete(nameOf(gesture));
    const kept = next === undefined ? null : this.entry(next);
    if (kept !== null) this.held.set(nameOf(kept), kept);
    if (this.database === null) return void this.shelve();
    void this.write(this.database, (store) => {
      for (const { client, number } of gestures) store.delete([this.options.project, client, number]);
      if (kept !== null) store.put(kept);
    });
  }

  /** Takes over what closed tabs left behind, oldest first within each of them; it stays kept until it is dropped. */
  async takeOrphans(): Promise<Pending[]> {
    const { tabs, client: own } = this.options;
    const database = await this.opening;
    await tabs.claim(own);
    const shelves = await this.shelves();
    const found = [...(database === null ? [] : await this.stored(database)), ...shelves.flatMap(({ kept }) => kept)];
    const byClient = new Map<string, Map<number, Kept>>();
    for (const one of found) byClient.set(one.client, (byClient.get(one.client) ?? new Map<number, Kept>()).set(one.number, one));
    const taken: Kept[][] = [];
    for (const [client, kept] of byClient) {
      if (client === own || !(await tabs.claim(client))) continue;
      taken.push([...kept.values()].sort((a, b) => a.number - b.number));
    }
    const orphans = taken.sort((a, b) => a[0].at - b[0].at).flat();
    await this.adopt(orphans, shelves.map(({ name }) => name));
    return orphans.map(({ project: _project, at: _at, ...gesture }) => gesture);
  }

  /** What lay on shelves moves to where this tab keeps its own; only then it leaves them. */
  private async adopt(orphans: readonly Kept[], shelves: readonly string[]): Promise<void> {
    for (const one of orphans) this.held.set(nameOf(one), one);
    if (this.database !== null) await this.write(this.database, (store) => orphans.forEach((one) => void store.put(one)));
    if (this.database === null && !this.shelve()) return;
    for (const name of shelves) this.options.shelf?.removeItem(name);
  }

  private entry(gesture: Pending): Kept {
    const { project, now } = this.options;
    const at = this.held.get(nameOf(gesture))?.at ?? (now ?? Date.now)();
    return { ...gesture, project, at };
  }

  private opened(database: IDBDatabase | null): void {
    this.database = database;
    if (database === null || this.held.size === 0) return;
    // What was done before the database was there lies on the shelf until it lies here.
    const held = [...this.held.values()];
    void this.write(database, (store) => held.forEach((one) => void store.put(one))).then(() => {
      if (this.database !== null) this.unshelve();
    });
  }

  /** Resolves when the change is on the disk, or the shelf has it instead. */
  private write(database: IDBDatabase, change: (store: IDBObjectStore) => void): Promise<void> {
    return new Promise((resolve) => {
      const failed = (): void => {
        this.fail();
        resolve();
      };
      try {
        const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
        transaction.oncomplete = () => resolve();
        transaction.onabort = failed;
        change(transaction.objectStore(STORE));
        // A tab that is closed in the next moment commits nothing by itself.
        transaction.commit();
      } catch {
        failed();
      }
    });
  }

  private fail(): void {
    this.database = null;
    this.shelve();
  }

  private async stored(database: IDBDatabase): Promise<Kept[]> {
    const { project } = this.options;
    return new Promise((resolve) => {
      try {
        const range = IDBKeyRange.bound([project], [project, []]);
        const request = database.transaction(STORE).objectStore(STORE).getAll(range) as IDBRequest<Kept[]>;
        request.onsuccess = () => resolve(request.result.filter(isGesture));
        request.onerror = () => resolve([]);
      } catch {
        resolve([]);
      }
    });
  }

  /** The shelves of closed tabs: of browsers without a database, and of the version that knew none. */
  private async shelves(): Promise<{ readonly name: string; readonly kept: Kept[] }[]> {
    const { shelf, project, tabs, client: own } = this.options;
    const prefix = shelfKey(project, "");
    const found: { name: string; kept: Kept[] }[] = [];
    for (const name of namesOn(shelf).filter((one) => one.startsWith(prefix))) {
      const owner = name.slice(prefix.length);
      if (owner === own || !(await tabs.claim(owner))) continue;
      const list = parsed(shelf!.getItem(name)).filter(isGesture);
      found.push({ name, kept: list.map((one) => ({ ...one, project, at: one.at ?? 0 })) });
    }
    return found;
  }

  /** Whether everything that is held lies on the shelf. */
  private shelve(): boolean {
    const { shelf, project, client } = this.options;
    try {
      if (this.held.size > 0) {
        shelf?.setItem(shelfKey(project, client), JSON.stringify([...this.held.values()]));
        this.shelved = true;
      } else this.unshelve();
      return shelf !== null;
    } catch {
      return false; // a full or forbidden storage costs only the second copy: memory has the first, and sends it
    }
  }

  private unshelve(): void {
    const { shelf, project, client } = this.options;
    if (this.shelved) shelf?.removeItem(shelfKey(project, client));
    this.shelved = false;
  }
}

function nameOf({ client, number }: Pending): string {
  return `${number}:${client}`;
}

function namesOn(shelf: OutboxOptions["shelf"]): string[] {
  try {
    return Array.from({ length: shelf?.length ?? 0 }, (_, index) => shelf!.key(index)!);
  } catch {
    return [];
  }
}

function parsed(text: string | null): Partial<Kept>[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value) ? (value as Partial<Kept>[]) : [];
  } catch {
    return []; // half-written text holds nothing that could be sent
  }
}

/** What lies in a browser may be anybody's: only what has the shape of a gesture is sent. */
function isGesture<T extends Partial<Pending>>(one: T | null): one is T & Pending {
  return (
    typeof one?.client === "string" &&
    Number.isSafeInteger(one.number) &&
    Number.isSafeInteger(one.imageId) &&
    Array.isArray(one.body?.changes)
  );
}
