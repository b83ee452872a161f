/** What the browser remembers between visits: unsaved gestures, and small preferences. */
import type { Pending, Shelf } from "./saver";

const PREFIX = "annotator";

/** localStorage, or null where the browser forbids it. */
export function openShelf(): Storage | null {
  try {
    const shelf = window.localStorage;
    shelf.getItem(PREFIX);
    return shelf;
  } catch {
    return null;
  }
}

export function unsavedKey(project: string, client: string): string {
  return `${PREFIX}:unsaved:${project}:${client}`;
}

/** Takes the gestures that closed tabs left behind, oldest first within each tab. */
export async function takeOrphans(shelf: Storage | null, project: string, ownClient: string): Promise<Pending[]> {
  if (shelf === null) return [];
  const prefix = unsavedKey(project, "");
  const alive = await openTabs();
  const orphans: Pending[] = [];
  for (const key of Object.keys(shelf).filter((name) => name.startsWith(prefix))) {
    const client = key.slice(prefix.length);
    if (client === ownClient || alive.has(lockName(client))) continue;
    try {
      orphans.push(...(JSON.parse(shelf.getItem(key) ?? "[]") as Pending[]));
    } catch {
      // Half-written text holds nothing that could be sent.
    }
    shelf.removeItem(key);
  }
  return orphans;
}

/** Says to other tabs that this one is open, so that they leave its gestures alone. */
export function announceTab(client: string): void {
  void navigator.locks?.request(lockName(client), () => new Promise<void>(() => {}));
}

async function openTabs(): Promise<Set<string>> {
  const locks = await navigator.locks?.query();
  return new Set((locks?.held ?? []).map((lock) => lock.name ?? ""));
}

function lockName(client: string): string {
  return `${PREFIX}-tab-${client}`;
}

export function preference<T>(shelf: Shelf | null, name: string, fallback: T): T {
  try {
    const text = shelf?.getItem(`${PREFIX}:${name}`);
    return text === null || text === undefined ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function setPreference(shelf: Shelf | null, name: string, value: unknown): void {
  try {
    shelf?.setItem(`${PREFIX}:${name}`, JSON.stringify(value));
  } catch {
    // A preference that cannot be kept only lasts as long as the tab.
  }
}

/** A random name for this tab. crypto.randomUUID exists only on https and localhost. */
export function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
