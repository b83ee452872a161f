/**
 * Sends gestures in order, one at a time, and keeps each until the server has answered with a revision.
 * What is not yet saved also lies in the browser's storage, so that a closed tab's gestures are sent at the next visit.
 */
import { RefusedError } from "./api";
import type { GestureBody, WireGesture } from "./protocol";

export interface Pending {
  readonly client: string;
  readonly number: number;
  readonly imageId: number;
  /** The revision the gesture builds on, or null: the last one that the server acknowledged. */
  readonly revision: number | null;
  readonly body: GestureBody;
}

export interface SaveStatus {
  readonly kind: "saved" | "saving" | "offline" | "conflict";
  readonly unsaved: number;
}

/** The part of localStorage that is used. */
export interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface SaverOptions {
  /** Names this project's and this tab's place on the shelf. */
  readonly shelfKey: string;
  readonly shelf: Shelf | null;
  readonly client: string;
  readonly post: (imageId: number, gesture: WireGesture) => Promise<{ revision?: unknown }>;
  /** Resolves after some milliseconds, or earlier when `hurry` is called. */
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly onStatus: (status: SaveStatus) => void;
  /** The picture changed elsewhere: its gestures wait for `keepMine` or `takeTheirs`. */
  readonly onConflict: (imageId: number) => void;
  /** The server refuses a gesture for good; it is dropped, and `line` says why. */
  readonly onRefused: (imageId: number, line: string) => void;
  /** Nothing of this picture is unsaved any more. */
  readonly onSettled: (imageId: number) => void;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;

export class Saver {
  private queue: Pending[] = [];
  private number = 0;
  private sending = false;
  private failures = 0;
  private readonly revisions = new Map<number, number>();
  private readonly held = new Set<number>();

  constructor(private readonly options: SaverOptions) {}

  /** A picture's document came from the server. */
  loaded(imageId: number, revision: number): void {
    if (this.unsaved(imageId) === 0) this.revisions.set(imageId, revision);
  }

  /** The last revision that the server acknowledged. */
  revision(imageId: number): number | null {
    return this.revisions.get(imageId) ?? null;
  }

  push(imageId: number, body: GestureBody): void {
    const { client } = this.options;
    this.queue.push({ client, number: ++this.number, imageId, revision: this.revision(imageId), body });
    this.changed();
    void this.run();
  }

  /** Gestures of a tab that was closed before they were saved. */
  adopt(gestures: readonly Pending[]): void {
    this.queue.push(...gestures);
    this.changed();
    void this.run();
  }

  unsaved(imageId?: number): number {
    return imageId === undefined ? this.queue.length : this.queue.filter((one) => one.imageId === imageId).length;
  }

  pending(imageId: number): readonly Pending[] {
    return this.queue.filter((one) => one.imageId === imageId);
  }

  isHeld(imageId: number): boolean {
    return this.held.has(imageId);
  }

  /** The waiting gestures of a picture are sent on top of the given revision. */
  keepMine(imageId: number, revision: number): void {
    this.revisions.set(imageId, revision);
    this.held.delete(imageId);
    this.changed();
    void this.run();
  }

  /** The waiting gestures of a picture are given up. */
  takeTheirs(imageId: number): void {
    this.held.delete(imageId);
    this.queue = this.queue.filter((one) => one.imageId !== imageId);
    this.revisions.delete(imageId);
    this.changed();
    void this.run();
  }

  private async run(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      for (;;) {
        const next = this.queue.find((one) => !this.held.has(one.imageId));
        if (next === undefined) return;
        await this.send(next);
      }
    } finally {
      this.sending = false;
      this.changed();
    }
  }

  private async send(gesture: Pending): Promise<void> {
    const { client, number, imageId, body } = gesture;
    const revision = this.revisions.get(imageId) ?? gesture.revision ?? 0;
    try {
      const answer = await this.options.post(imageId, { client, number, revision, ...body });
      // Only a revision proves that the gesture was committed; anything else is sent again, which the server takes once.
      if (typeof answer.revision !== "number") throw new TypeError("answer without a revision");
      this.failures = 0;
      if (this.queue.includes(gesture)) this.revisions.set(imageId, answer.revision);
      this.drop(gesture);
    } catch (error) {
      if (!this.queue.includes(gesture)) return;
      if (error instanceof RefusedError && error.status === 409) {
        this.failures = 0;
        this.held.add(imageId);
        this.changed();
        this.options.onConflict(imageId);
      } else if (error instanceof RefusedError && isFinal(error.status)) {
        this.failures = 0;
        this.options.onRefused(imageId, error.message);
        this.drop(gesture);
      } else {
        this.failures++;
        this.changed();
        await this.options.wait(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.failures - 1)));
      }
    }
  }

  private drop(gesture: Pending): void {
    this.queue = this.queue.filter((one) => one !== gesture);
    this.changed();
    if (this.unsaved(gesture.imageId) === 0) this.options.onSettled(gesture.imageId);
  }

  private changed(): void {
    const { shelf, shelfKey, onStatus } = this.options;
    try {
      if (this.queue.length > 0) shelf?.setItem(shelfKey, JSON.stringify(this.queue));
      else shelf?.removeItem(shelfKey);
    } catch {
      // A full or forbidden storage costs only the second copy; the gestures stay in memory and are sent from there.
    }
    onStatus(this.status());
  }

  private status(): SaveStatus {
    const unsaved = this.queue.length;
    if (this.held.size > 0) return { kind: "conflict", unsaved };
    if (unsaved === 0) return { kind: "saved", unsaved };
    return { kind: this.failures > 0 ? "offline" : "saving", unsaved };
  }
}

function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}
