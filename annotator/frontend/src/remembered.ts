/** Undo and redo across a reload: the steps of this tab lie in its session storage. */
import type { History, HistoryEntry } from "./history";
import { EMPTY_HISTORY } from "./history";
import type { Instance, Mask } from "./scene";

/** More steps than this are not carried over a reload. */
const MOST_STEPS = 300;
/** Browsers keep about 5 MB; the rest is left to others. */
const MOST_CHARACTERS = 2_000_000;

const nameOf = (project: string): string => `annotator:history:${project}`;

/** The latest steps, few enough to be kept. */
export function forgetful({ past, future }: History): History {
  return { past: past.slice(-MOST_STEPS), future: future.slice(-MOST_STEPS) };
}

export function saveHistory(project: string, history: History): void {
  try {
    let kept = history;
    let text = JSON.stringify(kept);
    while (text.length > MOST_CHARACTERS && kept.past.length > 0) {
      kept = { past: kept.past.slice(Math.ceil(kept.past.length / 2)), future: [] };
      text = JSON.stringify(kept);
    }
    window.sessionStorage.setItem(nameOf(project), text);
  } catch {
    // Without storage a reload only forgets what could be undone.
  }
}

export function loadHistory(project: string): History {
  try {
    const text = window.sessionStorage.getItem(nameOf(project));
    return text === null ? EMPTY_HISTORY : readHistory(text);
  } catch {
    return EMPTY_HISTORY;
  }
}

/** Equal masks become one object again: only what changed a mask is sent with one when it is undone. */
export function readHistory(text: string): History {
  const masks = new Map<string, Mask>();
  const withMask = (instance: Instance | null): Instance | null => {
    if (instance === null) return null;
    const name = JSON.stringify(instance.mask);
    const mask = masks.get(name) ?? instance.mask;
    masks.set(name, mask);
    return { ...instance, mask };
  };
  const entries = (list: readonly HistoryEntry[]): HistoryEntry[] =>
    list.map((entry) => ({
      ...entry,
      edits: entry.edits.map(({ before, after }) => ({ before: withMask(before), after: withMask(after) })),
    }));
  const { past, future } = JSON.parse(text) as History;
  return { past: entries(past), future: entries(future) };
}
