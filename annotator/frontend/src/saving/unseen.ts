/** Requests about accepting unseen. */
import { request } from "./api";
import type { Api } from "./api";
import type { BulkStatus } from "./bulk";

/** Suggestions that were accepted at once, and how far their sample is answered. `images`: where some of it is open. */
export interface WireBatch {
  readonly at: string;
  readonly accepted: number;
  readonly outcome: "open" | "holds" | "fails";
  readonly answered: number;
  readonly wrong: number;
  readonly left: number;
  readonly allowed: number;
  readonly images: readonly number[];
}

/** `taken_back`: instances of a batch whose sample failed, which is being undone. */
export interface WireCheck {
  readonly taken_back: number;
  readonly batches: readonly WireBatch[];
}

export class UnseenApi {
  private readonly root: string;

  constructor(api: Pick<Api, "root">) {
    this.root = `${api.root}/insight/unseen`;
  }

  accept(): Promise<BulkStatus> {
    return request(this.root, { method: "POST" });
  }

  check(): Promise<WireCheck> {
    return request(`${this.root}/check`, { method: "POST" });
  }
}
