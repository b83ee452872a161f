/** Requests about one decision for many instances. */
import type { WireCutout } from "../document/protocol";
import type { Api } from "./api";
import { json, request } from "./api";

export type RepairKind = "holes" | "specks" | "largest" | "smooth" | "shrink" | "grow" | "subtract" | "duplicates" | "contained" | "merge";

/** `pixels`: of specks the least area that stays, of what clashes the least share in hundredths, otherwise a radius. */
export interface WireRepair {
  readonly kind: RepairKind;
  readonly pixels?: number;
}

/** What is decided about which instances: those that fit the expression, or these keys. */
export interface BulkOrder {
  readonly verb: "accept" | "reject" | "relabel" | "repair" | "masks";
  readonly query: string;
  readonly keys?: readonly string[];
  /** On these pictures alone. */
  readonly images?: readonly number[];
  readonly threshold: number;
  readonly category?: number;
  readonly repair?: WireRepair;
  /** That is asked for masks; the one that is offered where none is named. */
  readonly network?: string;
}

/** An instance that an order is about; where it is repaired, both outlines in a drawing of `size`. `after` is empty where nothing would be left. */
export interface WireTarget extends WireCutout {
  readonly size?: readonly [width: number, height: number];
  readonly before?: string;
  readonly after?: string;
}

/** What an order would do; `nearest` are the instances nearest to its border, of a repair some that it changes. */
export interface BulkPreview {
  readonly instances: number;
  readonly images: number;
  readonly as_of: number;
  /** Of `instances`, boxes that are no instances yet. */
  readonly carried: number;
  readonly nearest: readonly WireTarget[];
}

/** One at work, or ended since the server started. `names`: pictures that were passed over. */
export interface BulkRun {
  readonly undoes: boolean;
  /** Null of an undo. */
  readonly verb: BulkOrder["verb"] | null;
  readonly total: number;
  readonly done: number;
  readonly passed_over: number;
  readonly names: readonly string[];
  /** Pictures that went into the bin after the preview. */
  readonly removed: number;
  readonly removed_names: readonly string[];
  /** Instances of which a repair would have left nothing, and their pictures. */
  readonly emptied: number;
  readonly emptied_names: readonly string[];
  readonly running: boolean;
  readonly cancelled: boolean;
  readonly error: string | null;
}

export interface BulkStatus {
  readonly run: BulkRun | null;
  /** The latest one that can be taken back. */
  readonly last: LastBulk | null;
}

/** `ended` is false where the server was killed meanwhile; `undone` of `done` were taken back by an undo that broke off. `can_go_on`: the rest can be done. */
export interface LastBulk {
  readonly verb: BulkOrder["verb"];
  readonly query: string;
  readonly done: number;
  readonly ended: boolean;
  readonly undone: number;
  readonly can_go_on: boolean;
}

export class BulkApi {
  private readonly root: string;

  constructor(api: Pick<Api, "root">) {
    this.root = `${api.root}/bulk`;
  }

  preview(order: BulkOrder): Promise<BulkPreview> {
    return request(`${this.root}/preview`, json("POST", order));
  }

  start(order: BulkOrder, preview: BulkPreview): Promise<BulkStatus> {
    return request(this.root, json("POST", { ...order, as_of: preview.as_of }));
  }

  /** The rest of the latest one, which broke off. */
  goOn(): Promise<BulkStatus> {
    return request(`${this.root}/continue`, { method: "POST" });
  }

  undo(): Promise<BulkStatus> {
    return request(`${this.root}/undo`, { method: "POST" });
  }

  cancel(): Promise<BulkStatus> {
    return request(`${this.root}/cancel`, { method: "POST" });
  }

  status(): Promise<BulkStatus> {
    return request(this.root);
  }
}
