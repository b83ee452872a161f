/** Several pictures of the list that something is to be done to together. */
import type { Api } from "../saving/api";
import type { PictureQueue } from "./queue";
import { Store } from "./store";

export class Picked {
  readonly view = new Store<{ readonly ids: ReadonlySet<number> }>({ ids: new Set() });
  /** Where a range begins: the picture that was picked last. */
  private anchor: number | null = null;
  /** Counts what was asked for: an answer to an earlier wish changes nothing any more. */
  private wish = 0;
  /** A range that the server is asked for. */
  private reading: Promise<void> | null = null;

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

  /** While a range is being read, it comes first. */
  toggle(imageId: number): void {
    if (this.reading !== null) {
      void this.reading.then(() => this.toggle(imageId));
      return;
    }
    const ids = new Set(this.view.get().ids);
    if (!ids.delete(imageId)) ids.add(imageId);
    this.anchor = imageId;
    this.view.set({ ids });
  }

  /** All from where the range begins to this place; the open picture is where it begins at first. */
  through(place: number, open: number | null): Promise<void> {
    this.anchor ??= open;
    return this.read(async (wish) => {
      const begin = this.anchor === null ? 0 : Math.max(0, await this.list.find(this.anchor));
      await this.pickBetween(Math.min(begin, place), Math.max(begin, place), wish);
    });
  }

  all(): Promise<void> {
    return this.read(async (wish) => {
      await this.pick(0, this.list.view.get().total - 1, wish, () => true);
    });
  }

  /** Whether the whole list is picked. */
  isAll(): boolean {
    return this.view.get().ids.size === this.list.view.get().total;
  }

  clear(): void {
    this.wish++;
    this.anchor = null;
    if (this.view.get().ids.size > 0) this.view.set({ ids: new Set() });
  }

  private read(pick: (wish: number) => Promise<void>): Promise<void> {
    const reading = pick(++this.wish).finally(() => {
      if (this.reading === reading) this.reading = null;
    });
    this.reading = reading;
    return reading;
  }

  /** What stands at both ends is what was pressed: where the server's list is another one by now, it is read again first. */
  private async pickBetween(first: number, last: number, wish: number, tries = 3): Promise<void> {
    const ends = [first, last].map((place) => this.list.view.get().rows.get(place)?.id);
    const isSeen = (ids: readonly number[]): boolean => [ids[0], ids.at(-1)].every((id, index) => (ends[index] ?? id) === id);
    if ((await this.pick(first, last, wish, isSeen)) || tries === 0) return;
    await this.list.refresh();
    const places = ends.map((id) => this.list.placeOf(id ?? null));
    if (Math.min(...places) >= 0) await this.pickBetween(Math.min(...places), Math.max(...places), wish, tries - 1);
  }

  /** False where it is not what is to be picked. */
  private async pick(first: number, last: number, wish: number, fits: (ids: readonly number[]) => boolean): Promise<boolean> {
    const { asked } = this.list.view.get();
    try {
      const ids = await this.api.queueIds(this.list.request(), first, last);
      if (this.list.view.get().asked !== asked || this.wish !== wish) return true;
      if (!fits(ids)) return false;
      this.view.set({ ids: new Set(ids) });
    } catch (error) {
      this.onFailed(error);
    }
    return true;
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
