/** Undo and redo: one gesture, one step. Steps know their picture, so that they reach across pictures. */
import type { Edit } from "./scene";

export type HistoryEntry = PictureStep | CategoryStep | VerdictStep;

export interface PictureStep {
  readonly imageId: number;
  readonly edits: readonly Edit[];
  /** Whether the picture counted as reviewed before and after; null where the gesture left that alone. */
  readonly reviewed: { readonly before: boolean; readonly after: boolean } | null;
  /** The picture's note before and after, where the gesture was about that. */
  readonly note?: { readonly before: string; readonly after: string };
}

/** A change of the project's categories: the server knows what it was. */
export interface CategoryStep {
  readonly change: number;
}

/** What a reviewer said of a picture. */
export interface VerdictStep {
  readonly imageId: number;
  readonly verdict: "accepted" | "sentback";
  readonly note: string;
}

export interface History {
  readonly past: readonly HistoryEntry[];
  readonly future: readonly HistoryEntry[];
}

export const EMPTY_HISTORY: History = { past: [], future: [] };

export function isCategoryStep(entry: HistoryEntry): entry is CategoryStep {
  return "change" in entry;
}

export function isVerdictStep(entry: HistoryEntry): entry is VerdictStep {
  return "verdict" in entry;
}

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

/**
 * The server has undone a change of categories, or made it again. The last step goes to the other side with it; one with
 * later steps behind it is no step any more, as those stay as they are.
 */
export function withChangeMoved(history: History, change: number, direction: "undo" | "redo"): History {
  const isIt = (entry: HistoryEntry | undefined): boolean => entry !== undefined && isCategoryStep(entry) && entry.change === change;
  if (direction === "undo" && isIt(history.past.at(-1))) return undone(history);
  if (direction === "redo" && isIt(history.future.at(-1))) return redone(history);
  return [...history.past, ...history.future].some(isIt) ? without(history, isIt) : history;
}

/** What is left after a picture was reloaded from the server: its steps no longer fit. */
export function forgotten(history: History, imageId: number): History {
  return without(history, (entry) => !isCategoryStep(entry) && entry.imageId === imageId);
}

/** What is left after what was said of a picture was taken back otherwise. */
export function withoutVerdicts(history: History, imageId: number): History {
  return without(history, (entry) => isVerdictStep(entry) && entry.imageId === imageId);
}

/** What is left after somebody else has changed the categories: they are no longer as these steps left them. */
export function withoutCategorySteps(history: History): History {
  return without(history, isCategoryStep);
}

function without(history: History, gone: (entry: HistoryEntry) => boolean): History {
  const stays = (entry: HistoryEntry): boolean => !gone(entry);
  return { past: history.past.filter(stays), future: history.future.filter(stays) };
}
