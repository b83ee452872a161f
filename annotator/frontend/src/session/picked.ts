/** Several pictures of the list that something is to be done to together. */
import type { Api } from "../saving/api";
import type { PictureQueue } from "./queue";
import { Store } from "./store";

export class Picked {
  readonly view = new Store<{ readonly ids: ReadonlySet<number> }>({ ids: new Set() });
  /** Where a range begins: the place that was picked last. */
  private anchor = -1;

  constructor(
    private readonly list: PictureQueue,
    private readonly api: Pick<Api, "queueIds">,
    private readonly onFailed: (error: unknown) => void,
  ) {
    // What one no longer sees, nothing is to be done to.
    list.view.subscribe((now, before) => {
      if (now.asked !== before.asked) this.clear();
    });
  }

  toggle(imageId: number, place: number): void {
    const ids = new Set(this.view.get().ids);
    if (!ids.delete(imageId)) ids.add(imageId);
    this.anchor = place;
    this.view.set({ ids });
  }

  /** All from where the range begins to this place; the open picture is where it begins at first. */
  async through(place: number, open: number | null): Promise<void> {
    if (this.anchor < 0) this.anchor = Math.max(0, this.list.placeOf(open));
    await this.pick(Math.min(this.anchor, place), Math.max(this.anchor, place));
  }

  async all(): Promise<void> {
    await this.pick(0, this.list.view.get().total - 1);
  }

  /** Whether the whole list is picked. */
  isAll(): boolean {
    return this.view.get().ids.size === this.list.view.get().total;
  }

  clear(): void {
    this.anchor = -1;
    if (this.view.get().ids.size > 0) this.view.set({ ids: new Set() });
  }

  private async pick(first: number, last: number): Promise<void> {
    const { asked } = this.list.view.get();
    try {
      const ids = await this.api.queueIds(this.list.request(), first, last);
      if (this.list.view.get().asked === asked) this.view.set({ ids: new Set(ids) });
    } catch (error) {
      this.onFailed(error);
    }
  }
}

/** These ids as the numbers of an expression, neighbours as ranges: #1..3,7. */
export function numbersOf(ids: readonly number[]): string {
  const sorted = [...ids].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let begin = 0; begin < sorted.length; ) {
    let end = begin;
    while (sorted[end + 1] === sorted[end] + 1) end++;
    parts.push(end === begin ? `${sorted[begin]}` : `${sorted[begin]}..${sorted[end]}`);
    begin = end + 1;
  }
  return `#${parts.join(",")}`;
}
