/** Tiles of the gallery that something is to be done to together: some, or all that fit its filter. */
import type { CutoutFilter, WireCategory } from "../document/protocol";
import type { Cutout, CutoutList } from "./cutouts";

/** What one order takes, chosen one by one. */
export const MOST_CHOSEN = 20_000;

/** Which instances: those that fit the expression, or these keys alone. */
export interface Which {
  readonly query: string;
  readonly keys?: readonly string[];
}

const WORDS = { suggested: "open", accepted: "accepted", rejected: "rejected" } as const;

export class Chosen {
  private everything = false;
  /** Those that are chosen; of everything, those that are not. */
  private keys = new Set<string>();
  /** Where a range begins: the place that was chosen last. */
  private anchor = -1;

  constructor(
    private readonly list: CutoutList,
    private readonly changed: () => void,
  ) {}

  has({ wire, state }: Cutout): boolean {
    return this.everything ? state === wire.state && !this.keys.has(wire.key) : this.keys.has(wire.key);
  }

  count(): number {
    if (!this.everything) return this.keys.size;
    return this.list.total - this.list.items.reduce((left, item) => left + Number(!this.has(item)), 0);
  }

  isAll(): boolean {
    return this.everything && this.keys.size === 0;
  }

  /** The key of the one that is chosen; null where there are more, or none. */
  only(): string | null {
    const [key] = this.keys;
    return this.everything || this.keys.size !== 1 ? null : key;
  }

  toggle(place: number): void {
    const item = this.list.items[place];
    if (item === undefined) return;
    this.anchor = place;
    if (!this.keys.delete(item.wire.key)) this.keys.add(item.wire.key);
    this.changed();
  }

  /** All from where the range begins to this place; `from` is where it begins at first. */
  through(place: number, from: number): void {
    if (this.anchor < 0) this.anchor = from;
    const [first, last] = [Math.min(this.anchor, place), Math.max(this.anchor, place)];
    this.everything = false;
    this.keys = new Set(this.list.items.slice(first, last + 1).map(({ wire }) => wire.key));
    this.changed();
  }

  all(): void {
    this.everything = true;
    this.keys = new Set();
    this.changed();
  }

  clear(): void {
    this.anchor = -1;
    if (!this.everything && this.keys.size === 0) return;
    this.everything = false;
    this.keys = new Set();
    this.changed();
  }

  /** What is chosen, for the server; null where it is more than one order takes one by one. */
  async which(filter: CutoutFilter, categories: readonly WireCategory[]): Promise<Which | null> {
    const query = expressionOf(filter, categories);
    if (this.isAll() && query !== null) return { query };
    if (this.count() > MOST_CHOSEN) return null;
    if (this.everything) await this.list.require(this.list.total, filter);
    const keys = this.list.items.filter((item) => this.has(item)).map(({ wire }) => wire.key);
    return { query: "", keys };
  }
}

/** The gallery's filter as an expression; null where two categories are called the same but for capitals. */
export function expressionOf({ category, state, agreement }: Pick<CutoutFilter, "category" | "state" | "agreement">, categories: readonly WireCategory[]): string | null {
  const name = categories.find(({ id }) => id === category)?.name;
  if (name === undefined || categories.filter((one) => one.name.toLowerCase() === name.toLowerCase()).length > 1) return null;
  const votes = agreement === null || agreement === undefined ? "" : ` agreement:${agreement}`;
  return `category:"${name.replace(/["\\]/g, "\\$&")}" is:${WORDS[state]}${votes}`;
}
