/** Decisions about tiles of the gallery that are shown and not yet made: a second click may follow, or a picture is still read. */
import type { Cutout, CutoutList } from "./cutouts";

export type Decided = "suggested" | "accepted" | "rejected";

/** A click waits this long for a second one, which opens the picture instead. */
const DOUBLE_MS = 240;
const MADE_MS = 50;

export class PendingDecisions {
  /** Those that wait for a second click. */
  private readonly pending = new Map<Cutout, { readonly timer: number; readonly state: Decided }>();
  /** Those on their way: their picture may have to be read first. The last one of a tile is what it will show. */
  private readonly making = new Map<Cutout, { readonly state: Decided }>();

  constructor(
    private readonly list: CutoutList,
    private readonly changed: () => void,
  ) {}

  /** A tile's state as the person sees it. */
  shownState(item: Cutout): Cutout["state"] {
    return (this.pending.get(item) ?? this.making.get(item))?.state ?? item.state;
  }

  isGone(item: Cutout): boolean {
    return ["rejected", "deleted"].includes(this.shownState(item));
  }

  /** Shown at once; made when no second click has followed. */
  decide(item: Cutout, state: Decided, mayBeDouble: boolean): void {
    this.drop(item);
    const shown = this.shownState(item);
    if (shown === state || (state === "rejected" && shown === "deleted")) return this.changed();
    const timer = window.setTimeout(() => this.make(item), mayBeDouble ? DOUBLE_MS : 0);
    this.pending.set(item, { timer, state });
    if (!mayBeDouble) this.make(item);
    this.changed();
  }

  drop(item: Cutout): void {
    clearTimeout(this.pending.get(item)?.timer);
    this.pending.delete(item);
  }

  /** Nothing waits for a second click any more. */
  flush(): void {
    for (const item of [...this.pending.keys()]) this.make(item);
  }

  /** Resolves when all of them are made. */
  async made(): Promise<void> {
    this.flush();
    while (this.making.size > 0) await new Promise((resolve) => setTimeout(resolve, MADE_MS));
  }

  private make(item: Cutout): void {
    const decision = this.pending.get(item);
    if (decision === undefined) return;
    this.drop(item);
    this.making.set(item, decision);
    void this.list.decide(item, decision.state).then(() => {
      if (this.making.get(item) === decision) this.making.delete(item);
      this.changed();
    });
  }
}
