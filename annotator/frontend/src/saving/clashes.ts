/** Requests about instances that get in each other's way, and about what two networks agree on. */
import type { Bounds, Clash } from "../document/clashes";
import type { Agreement, WireCutout } from "../document/protocol";
import type { Api } from "./api";
import { request } from "./api";

/** Pairs of one kind, and the pictures that they are on. */
export interface WireKind {
  readonly kind: Clash;
  readonly pairs: number;
  readonly images: readonly number[];
}

/** The smaller one of a pair; `part`: the share that counts for its kind. */
export interface WireClash extends WireCutout {
  readonly kind: Clash;
  readonly part: number;
}

export interface WireClashes {
  readonly kinds: readonly WireKind[];
  readonly instances: readonly WireClash[];
}

export class ClashesApi {
  private readonly root: string;

  constructor(api: Pick<Api, "root">) {
    this.root = `${api.root}/insight`;
  }

  /** The server reads every mask for it. */
  find(bounds: Bounds, threshold: number): Promise<WireClashes> {
    const asked = Object.entries({ ...bounds, threshold }).map(([name, value]) => [name, String(value)]);
    return request(`${this.root}/clashes?${new URLSearchParams(asked)}`);
  }

  agreement(threshold: number): Promise<Readonly<Record<Agreement, number>>> {
    return request(`${this.root}/agreement?threshold=${threshold}`);
  }
}
