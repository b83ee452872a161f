/** Gestures on their way to the server, and how far they are. */
import type { GestureBody } from "../document/protocol";

export interface Pending {
  readonly client: string;
  readonly number: number;
  readonly imageId: number;
  /** The revision the gesture builds on, or null: the last one that the server acknowledged. */
  readonly revision: number | null;
  readonly body: GestureBody;
}

export interface SaveStatus {
  readonly kind: "saved" | "saving" | "offline" | "conflict" | "closed";
  readonly unsaved: number;
  /** Offline and closed: the server's own line, where it was reached and could not save; its disk is full, say. */
  readonly reason?: string;
}

/** What the saver needs: neither call fails, and what cannot be written anywhere stays in memory. */
export interface Outbox {
  put(gesture: Pending): void;
  /** Forgets what was saved or given up; `next` is kept instead of what it was, in the same moment. */
  drop(gestures: readonly Pending[], next?: Pending): void;
}

/** Instances that one gesture changes, at most: MAX_CHANGES in annotator/core/limits.py. */
export const MAX_CHANGES = 2000;

/** A gesture as the server takes it: in pieces where it changes more instances than that. What it says of the whole picture is in the last. */
export function piecesOf(body: GestureBody): GestureBody[] {
  const { verb, changes, threshold } = body;
  const pieces: GestureBody[] = [];
  let from = 0;
  for (; changes.length - from > MAX_CHANGES; from += MAX_CHANGES) {
    pieces.push({ verb, changes: changes.slice(from, from + MAX_CHANGES), ...(threshold === undefined ? {} : { threshold }) });
  }
  return [...pieces, from === 0 ? body : { ...body, changes: changes.slice(from) }];
}
