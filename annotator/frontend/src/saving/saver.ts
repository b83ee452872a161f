/**
 * Sends gestures in order, one at a time, and keeps each until the server has answered with a revision.
 * What is not yet saved also lies in the browser's storage (outbox.ts), so that a closed tab's gestures are sent at the
 * next visit.
 */
import type { GestureBody, WireGesture } from "../document/protocol";
import { RefusedError, isClosed, isWithoutProject, lineOf } from "./errors";
import type { Outbox, Pending, SaveStatus } from "./pending";
import { piecesOf } from "./pending";

export interface SaverOptions {
  readonly outbox: Outbox;
  readonly client: string;
  readonly post: (imageId: number, gesture: WireGesture) => Promise<{ revision?: unknown }>;
  /** Resolves after some milliseconds, or earlier when `hurry` is called. */
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly onStatus: (status: SaveStatus) => void;
  /** The picture changed elsewhere: its gestures wait for `keepMine` or `takeTheirs`. */
  readonly onConflict: (imageId: number) => void;
  /** The server refuses a gesture for good; it is dropped, and `line` says why. */
  readonly onRefused: (imageId: number, line: string) => void;
  /** The picture is somebody else's: its gestures stay in the browser, and are tried again with the next one there, or at the next visit. */
  readonly onClosed: (imageId: number, line: string) => void;
  /** Nothing of this picture is unsaved any more. */
  readonly onSettled: (imageId: number) => void;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;
/** How often whoever waits until all is saved looks again. */
const ASKED_MS = 50;

export class Saver {
  private queue: Pending[] = [];
  private number = 0;
  private sending = false;
  private failures = 0;
  private reason: string | null = null;
  private readonly revisions = new Map<number, number>();
  private readonly held = new Set<number>();
  /** By picture that is somebody else's the server's line: the others go on without it. */
  private readonly closed = new Map<number, string>();

  constructor(private readonly options: SaverOptions) {}

  /** A picture's document came from the server; one that opens may be saved. */
  noteLoaded(imageId: number, revision: number): void {
    if (this.unsaved(imageId) === 0) this.revisions.set(imageId, revision);
    if (this.closed.delete(imageId)) void this.run();
  }

  /** The last revision that the server acknowledged. */
  revision(imageId: number): number | null {
    return this.revisions.get(imageId) ?? null;
  }

  push(imageId: number, body: GestureBody): void {
    const { client, outbox } = this.options;
    for (const piece of piecesOf(body)) {
      const gesture = { client, number: ++this.number, imageId, revision: this.revision(imageId), body: piece };
      this.queue.push(gesture);
      outbox.put(gesture);
    }
    this.closed.delete(imageId); // it may be theirs by now
    this.report();
    void this.run();
  }

  /** Gestures of a tab that was closed before they were saved; they are kept already. */
  adopt(gestures: readonly Pending[]): void {
    this.queue.push(...gestures);
    this.report();
    void this.run();
  }

  /** Of a picture; of all of them those that wait for the server, without those of pictures that are somebody else's. */
  unsaved(imageId?: number): number {
    return this.queue.filter((one) => (imageId === undefined ? !this.closed.has(one.imageId) : one.imageId === imageId)).length;
  }

  /** Resolves when every gesture is saved, or when that takes too long. */
  async whenSaved(milliseconds: number): Promise<void> {
    const end = Date.now() + milliseconds;
    while (this.unsaved() > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, ASKED_MS));
  }

  pending(imageId: number): readonly Pending[] {
    return this.queue.filter((one) => one.imageId === imageId);
  }

  isHeld(imageId: number): boolean {
    return this.held.has(imageId);
  }

  /** A picture that waits for a choice, the one that waits for longest; null where none does. */
  firstHeld(): number | null {
    return [...this.held][0] ?? null;
  }

  /** The waiting gestures of a picture are sent on top of the given revision. */
  keepMine(imageId: number, revision: number): void {
    this.revisions.set(imageId, revision);
    this.held.delete(imageId);
    this.report();
    void this.run();
  }

  /** The waiting gestures of a picture are given up. */
  takeTheirs(imageId: number): void {
    this.held.delete(imageId);
    const given = this.pending(imageId);
    this.queue = this.queue.filter((one) => one.imageId !== imageId);
    this.options.outbox.drop(given);
    this.revisions.delete(imageId);
    this.report();
    void this.run();
  }

  private async run(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      for (;;) {
        const next = this.queue.find((one) => !this.held.has(one.imageId) && !this.closed.has(one.imageId));
        if (next === undefined) return;
        await this.send(next);
      }
    } finally {
      this.sending = false;
      this.report();
    }
  }

  private async send(gesture: Pending): Promise<void> {
    const { client, number, imageId, body } = gesture;
    const revision = this.revisions.get(imageId) ?? gesture.revision ?? 0;
    try {
      const answer = await this.options.post(imageId, { client, number, revision, ...body });
      // Only a revision proves that the gesture was committed; anything else is sent again, which the server takes once.
      if (typeof answer.revision !== "number") throw new TypeError("answer without a revision");
      this.succeeded();
      if (this.queue.includes(gesture)) this.saved(gesture, Math.max(answer.revision, this.revision(imageId) ?? 0));
    } catch (error) {
      if (!this.queue.includes(gesture)) return;
      if (error instanceof RefusedError && error.status === 409) {
        this.succeeded();
        this.held.add(imageId);
        this.report();
        this.options.onConflict(imageId);
      } else if (isClosed(error)) {
        this.succeeded();
        this.closed.set(imageId, lineOf(error));
        this.report();
        this.options.onClosed(imageId, lineOf(error));
      } else if (error instanceof RefusedError && isFinal(error)) {
        this.succeeded();
        this.options.onRefused(imageId, error.message);
        this.drop(gesture);
      } else {
        this.failures++;
        this.reason = error instanceof RefusedError ? error.message : null;
        this.report();
        await this.options.wait(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.failures - 1)));
      }
    }
  }

  private succeeded(): void {
    this.failures = 0;
    this.reason = null;
  }

  /** The next one builds on this one: should the tab end now, whoever sends it knows. */
  private saved(gesture: Pending, revision: number): void {
    const { imageId } = gesture;
    this.revisions.set(imageId, revision);
    const next = this.queue.find((one) => one !== gesture && one.imageId === imageId);
    const updated = next && { ...next, revision };
    if (updated) this.queue = this.queue.map((one) => (one === next ? updated : one));
    this.drop(gesture, updated);
  }

  private drop(gesture: Pending, next?: Pending): void {
    this.queue = this.queue.filter((one) => one !== gesture);
    this.options.outbox.drop([gesture], next);
    this.report();
    if (this.unsaved(gesture.imageId) === 0) this.options.onSettled(gesture.imageId);
  }

  private report(): void {
    this.options.onStatus(this.status());
  }

  /** What is left once all others are saved. */
  private keptBack(): SaveStatus | null {
    const kept = this.queue.length;
    return kept === 0 ? null : { kind: "closed", unsaved: kept, reason: [...this.closed.values()].join("\n") };
  }

  private status(): SaveStatus {
    const unsaved = this.unsaved();
    if (this.held.size > 0) return { kind: "conflict", unsaved };
    if (unsaved === 0) return this.keptBack() ?? { kind: "saved", unsaved };
    if (this.failures === 0) return { kind: "saving", unsaved };
    return { kind: "offline", unsaved, ...(this.reason === null ? {} : { reason: this.reason }) };
  }
}

/** Another try may succeed after these: who asks too much, too slowly or signed out is asked to come again. */
const PASSING: ReadonlySet<number> = new Set([401, 403, 408, 425, 429]);

/**
 * Only the server itself says no for good, in a line of its own; a proxy before one that restarts knows nothing. What
 * was done in a project that is not there may be all that is left of it.
 */
function isFinal(error: RefusedError): boolean {
  const { status, answer } = error;
  return status >= 400 && status < 500 && !PASSING.has(status) && typeof answer["error"] === "string" && !isWithoutProject(error);
}
