/** What the browser remembers between visits: small preferences. Unsaved gestures lie elsewhere, see outbox.ts. */

/** The part of localStorage that is used. */
export interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

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

/** What lasts as long as this tab, or null where the browser forbids it. */
export function tabStorage(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
