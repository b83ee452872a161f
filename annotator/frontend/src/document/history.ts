/** Undo and redo: one gesture, one step. Entries know their picture, so that they reach across pictures. */
import type { Edit } from "./scene";

export interface HistoryEntry {
  readonly imageId: number;
  readonly edits: readonly Edit[];
  /** Whether the picture counted as reviewed before and after; null where the gesture left that alone. */
  readonly reviewed: { readonly before: boolean; readonly after: boolean } | null;
  /** The picture's note before and after, where the gesture was about that. */
  readonly note?: { readonly before: string; readonly after: string };
}

export interface History {
  readonly past: readonly HistoryEntry[];
  readonly future: readonly HistoryEntry[];
}

export const EMPTY_HISTORY: History = { past: [], future: [] };

export function recorded(history: History, entry: HistoryEntry): History {
  return { past: [...history.past, entry], future: [] };
}

export function undone(history: History): History {
  const entry = history.past.at(-1);
  return entry === undefined ? history : { past: history.past.slice(0, -1), future: [...history.future, entry] };
}

export function redone(history: History): History {
  const entry = history.future.at(-1);
  return entry === undefined ? history : { past: [...history.past, entry], future: history.future.slice(0, -1) };
}

/** What is left after a picture was reloaded from the server: its steps no longer fit. */
export function forgotten(history: History, imageId: number): History {
  const others = (entry: HistoryEntry): boolean => entry.imageId !== imageId;
  return { past: history.past.filter(others), future: history.future.filter(others) };
}
