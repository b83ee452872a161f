/** What the gallery lists: pages of one category's instances, and what was decided about them since. */
import type { CutoutFilter, State, Usual, WireCutout } from "../document/protocol";
import type { Edit, Instance } from "../document/scene";
import { find, isSuggested, keyOf } from "../document/scene";
import type { Api } from "../saving/api";
import type { Session } from "./session";

/** One cell. It keeps its place whatever is decided, so that nothing moves under the pointer. */
export interface Cutout {
  readonly wire: WireCutout;
  state: State;
  /** How it stood before it was rejected here: what a second click gives back. */
  before: "suggested" | "accepted";
  /** The instance itself, where it was deleted here. */
  removed: Instance | null;
  address: string;
  loaded: boolean;
}

const PAGE = 500;

export class CutoutList {
  readonly items: Cutout[] = [];
  total = 0;
  /** Suggestions that the threshold leaves out. */
  below = 0;
  counts = new Map<number, number>();
  usual: Usual | null = null;
  failed = false;
  private readonly indexes = new Map<string, number>();
  private after: string | null = "";
  private loading: Promise<void> | null = null;
  private round = 0;

  constructor(
    private readonly session: Session,
    private readonly api: Pick<Api, "gallery">,
    private readonly changed: () => void,
  ) {
    session.onEdits((_, edits) => this.follow(edits));
  }

  /** Begins a new list; what the old one held is gone. */
  reset(): void {
    this.round++;
    this.items.length = 0;
    this.indexes.clear();
    this.after = "";
    this.loading = null;
    this.total = this.below = 0;
    this.failed = false;
  }

  /** Whether the first page is still on its way. */
  isWaiting(): boolean {
    return this.items.length === 0 && this.loading !== null;
  }

  /** Reads pages until there are at least `count` items, or no more. */
  async require(count: number, filter: CutoutFilter): Promise<void> {
    while (this.items.length < count && this.after !== null && !this.failed) {
      const { round } = this;
      const page = (this.loading ??= this.next(filter));
      await page;
      if (round !== this.round) return;
      // Another who waited may have begun the next page already.
      if (this.loading === page) this.loading = null;
    }
  }

  indexOf(key: string): number {
    return this.indexes.get(key) ?? -1;
  }

  /** A decision about one instance, as a gesture on its picture. */
  decide(item: Cutout, state: "suggested" | "accepted" | "rejected"): Promise<boolean> {
    const { key, image } = item.wire;
    const verb = state === "accepted" ? "accept" : state === "suggested" ? "undo" : item.before === "accepted" && item.wire.score === null ? "delete" : "reject";
    return this.session.commitOn(image, verb, (scene) => {
      const now = find(scene, key);
      const before = now ?? null;
      const base = now ?? item.removed;
      if (base === null) return [];
      // What a person drew or brought is deleted, as everywhere; what a model suggested is kept as rejected.
      const deletes = state === "rejected" && item.before === "accepted" && !isSuggested(base);
      if (deletes) item.removed = base;
      const after = deletes ? null : { ...base, state };
      return before === null && after === null ? [] : [{ before, after }];
    });
  }

  private async next(filter: CutoutFilter): Promise<void> {
    const { round } = this;
    try {
      const page = await this.api.gallery(filter, this.after ?? "", PAGE);
      if (round !== this.round) return;
      this.after = page.after;
      this.total = page.total;
      this.below = page.below;
      this.counts = new Map(page.counts);
      this.usual = page.usual;
      for (const wire of page.instances) this.add(wire);
      // What is decided while pages are read may change their number.
      if (this.after === null) this.total = this.items.length;
    } catch {
      if (round === this.round) this.failed = true;
    }
    this.changed();
  }

  private add(wire: WireCutout): void {
    if (this.indexes.has(wire.key)) return;
    this.indexes.set(wire.key, this.items.length);
    const before = wire.state === "accepted" ? "accepted" : "suggested";
    this.items.push({ wire, state: wire.state, before, removed: null, address: wire.cutout, loaded: false });
  }

  private follow(edits: readonly Edit[]): void {
    let touched = false;
    for (const edit of edits) {
      const item = this.items[this.indexOf(keyOf(edit))];
      if (item === undefined) continue;
      touched = true;
      item.state = edit.after?.state ?? "deleted";
      if (edit.after === null) item.removed = edit.before;
      if (edit.after !== null && edit.before !== null && edit.after.mask !== edit.before.mask) {
        // Another mask, another picture: the server says no version that this one could have been kept under.
        item.address = `${item.wire.cutout.split("?")[0]}?v=${Date.now()}`;
        item.loaded = false;
      }
    }
    if (touched) this.changed();
  }
}
