/** Requests to the server, all relative to the page so that a sub-path works. */
import type { Box } from "../document/geometry";
import type {
  CutoutFilter,
  QueueImage,
  QueueRequest,
  UnchangedQueue,
  WireDocument,
  WireGallery,
  WireGesture,
  WireHeatmap,
  WirePresence,
  WireQueue,
  WireStatistics,
} from "../document/protocol";
import type { WireDoubts, WireInsight } from "../document/insight";
import { RefusedError } from "./errors";

/** How long the answer to a gesture may take, beside the time that its bytes take on a slow network. */
const ANSWER_MS = 30_000;
const SLOWEST_BYTES_PER_MS = 20;

/** Who found a mask where no network could (annotator/web/assistant.py). */
export const GRABCUT = "GrabCut";

/** The mask inside a box, who found it, and the heatmap that a model made it of. */
export interface FoundMask {
  readonly rle: string;
  readonly by: string;
  readonly heatmap: WireHeatmap | null;
}

/** What becomes of instances that the project has by another outline: its own stays, the file's takes its place, or both. */
export type OnConflict = "skip" | "replace" | "add";

/** How a COCO file comes in. partly: without the images whose pictures the project does not have. */
export interface Bringing {
  readonly onConflict: OnConflict;
  readonly partly: boolean;
}

/** Why a picture is shown otherwise than somebody might expect: of more than 8 bits, transparent, of several frames or pages. */
export type Change = "shallow" | "opaque" | "frames";

export interface Uploaded {
  readonly id: number;
  /** Whether the project has that picture already. */
  readonly known: boolean;
  readonly change: Change | "";
}

/** What a COCO file changed, a line each; and how many instances the project had by another outline. */
export interface Brought {
  readonly lines: readonly string[];
  readonly met: number;
}

/** Pictures that were changed, that are gone, and that are another person's to annotate. */
export interface Marked {
  readonly ids: readonly number[];
  readonly gone: readonly number[];
  readonly closed: readonly number[];
}

export class Api {
  readonly root: string;

  constructor(readonly project: string) {
    this.root = `annotator/${encodeURIComponent(project)}`;
  }

  /** A stretch of the list, or the one around a picture; next to nothing where `version` is still the project's. */
  queue(asked: QueueRequest & Stretch): Promise<WireQueue | UnchangedQueue> {
    const { offset, limit, around, version } = asked;
    const more = { offset: String(offset), limit: String(limit), version, ...(around === null ? {} : { around: String(around) }) };
    return request(`${this.root}/queue?${listOf(asked, more)}`);
  }

  /** The first picture behind this one that is not reviewed, from the top again at the end. */
  nextToDo(asked: QueueRequest, after: number | null): Promise<{ readonly image: QueueImage | null }> {
    return request(`${this.root}/queue/next?${listOf(asked, after === null ? {} : { after: String(after) })}`);
  }

  /** The ids of a stretch of the list, both ends with it. */
  async queueIds(asked: QueueRequest, first: number, last: number): Promise<readonly number[]> {
    const found = request<{ ids: readonly number[] }>(`${this.root}/queue/ids?${listOf(asked, { first: String(first), last: String(last) })}`);
    return (await found).ids;
  }

  /** Marks pictures reviewed, or not; and which they were. */
  markReviewed(ids: readonly number[], reviewed: boolean): Promise<Marked> {
    return request(`${this.root}/queue/review`, json("POST", { ids, reviewed }));
  }

  /** Gives pictures a flag, or takes it from them; and which they were. */
  flagImages(ids: readonly number[], flag: string, on: boolean): Promise<Marked> {
    return request(`${this.root}/queue/flag`, json("POST", { ids, flag, on }));
  }

  /** Puts pictures into the bin; the ids of those that were not in it. */
  removeImages(ids: readonly number[]): Promise<{ readonly ids: readonly number[] }> {
    return request(`${this.root}/queue/remove`, json("POST", { ids }));
  }

  /** Takes pictures out of the bin again. */
  restoreImages(ids: readonly number[]): Promise<{ readonly ids: readonly number[] }> {
    return request(`${this.root}/queue/restore`, json("POST", { ids }));
  }

  /** Whether the project answers. */
  ping(): Promise<unknown> {
    return request(`${this.root}/queue?limit=0`);
  }

  document(imageId: number): Promise<WireDocument> {
    return request(`${this.root}/images/${imageId}`);
  }

  /** Given up where no answer comes: a network that is gone says nothing, and the saver tries again. */
  gesture(imageId: number, gesture: WireGesture): Promise<{ revision?: unknown }> {
    const init = json("POST", gesture);
    const patience = ANSWER_MS + (init.body as string).length / SLOWEST_BYTES_PER_MS;
    return request(`${this.root}/images/${imageId}/gestures`, { ...init, signal: AbortSignal.timeout(patience) });
  }

  /** The mask inside a box, by the mask head of the model or, where it has none, by GrabCut; `by` says which. */
  mask(imageId: number, model: string, category: number, box: Box): Promise<FoundMask> {
    const { x0, y0, x1, y1 } = box;
    const asked = { model, category, box: [x0, y0, x1, y1] };
    return request(`${this.root}/images/${imageId}/mask`, json("POST", asked));
  }

  /** The heatmap of an instance; null where none is kept. */
  async heatmap(imageId: number, key: string): Promise<WireHeatmap | null> {
    const found = request<{ heatmap: WireHeatmap | null }>(`${this.root}/images/${imageId}/heatmaps/${encodeURIComponent(key)}`);
    return (await found).heatmap;
  }

  /** Says that a box will be asked for soon: one about like this, or any one. */
  prepareMask(imageId: number, model: string, box: Box | null): Promise<unknown> {
    const corners = box === null ? null : [box.x0, box.y0, box.x1, box.y1];
    return request(`${this.root}/images/${imageId}/mask`, json("POST", { model, category: 0, box: corners, soon: true }));
  }

  /** A page of the gallery: `after` is empty for the first one. */
  gallery(filter: CutoutFilter, after: string, limit: number): Promise<WireGallery> {
    const { category, state, order, threshold, agreement, like } = filter;
    const asked = { category: String(category), state, order, threshold: String(threshold), after, limit: String(limit), agreement: agreement ?? "", ...(order === "like" ? { like: like ?? "" } : {}) };
    return request(`${this.root}/gallery?${new URLSearchParams(asked)}`);
  }

  /** Says that this page shows a picture; who else does. */
  present(page: string, imageId: number): Promise<WirePresence> {
    return request(`${this.root}/presence`, json("POST", { page, image: imageId }));
  }

  /** Says that this page shows none any more, also while it is being closed. */
  leave(page: string): void {
    navigator.sendBeacon(`${this.root}/presence`, JSON.stringify({ page, image: null }));
  }

  statistics(threshold: number): Promise<WireStatistics> {
    return request(`${this.root}/statistics?threshold=${threshold}`);
  }

  /** What the decisions say of thresholds and effort. */
  insight(): Promise<WireInsight> {
    return request(`${this.root}/insight`);
  }

  /** Likely errors, the most doubtful first: the server reads every mask for it. */
  doubts(): Promise<WireDoubts> {
    return request(`${this.root}/insight/doubts`);
  }

  bin(): Promise<{ images: readonly { readonly id: number; readonly name: string }[] }> {
    return request(`${this.root}/bin`);
  }

  restore(imageId: number): Promise<unknown> {
    return request(`${this.root}/bin/${imageId}/restore`, { method: "POST" });
  }

  restoreAll(): Promise<unknown> {
    return request(`${this.root}/bin/restore`, { method: "POST" });
  }

  removeAll(): Promise<unknown> {
    return request(`${this.root}/bin`, { method: "POST" });
  }

  emptyBin(): Promise<unknown> {
    return request(`${this.root}/bin`, { method: "DELETE" });
  }

  addExample(): Promise<{ id: number }> {
    return request(`${this.root}/example`, { method: "POST" });
  }

  /** The id of the picture of these bytes; null where the project has none, and so they must be sent. */
  async known(sha256: string): Promise<number | null> {
    const { id } = await request<{ id: number | null }>(`${this.root}/known/${sha256}`);
    return typeof id === "number" ? id : null;
  }

  /** A picture; `progress` gets 0..1. */
  async upload(name: string, file: Blob, progress: (share: number) => void): Promise<Uploaded> {
    const answer = await this.send("images", name, file, progress);
    if (typeof answer["id"] !== "number") throw new TypeError("answer without an id");
    return answer as unknown as Uploaded;
  }

  /** A COCO file about pictures that the project has. */
  async bring(name: string, file: Blob, how: Bringing, progress: (share: number) => void): Promise<Brought> {
    const { lines, met } = await this.send(`annotations?on_conflict=${how.onConflict}&partly=${how.partly}`, name, file, progress);
    if (!Array.isArray(lines) || typeof met !== "number") throw new TypeError("answer without lines");
    return { lines: lines as string[], met };
  }

  /** How many percent of a COCO file are in; null where none is on its way. */
  async bringing(): Promise<number | null> {
    return (await request<{ percent: number | null }>(`${this.root}/annotations/progress`)).percent;
  }

  /** Ends the COCO file that is on its way; the answer to that one says how far it came. */
  async stopBringing(): Promise<void> {
    await request(`${this.root}/annotations/cancel`, { method: "POST" });
  }

  /** One file; XMLHttpRequest because fetch cannot tell how much has been sent. */
  private send(to: string, name: string, file: Blob, progress: (share: number) => void): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const call = new XMLHttpRequest();
      call.open("POST", `${this.root}/${to}${to.includes("?") ? "&" : "?"}name=${encodeURIComponent(name)}`);
      call.setRequestHeader("Content-Type", "application/octet-stream");
      call.upload.onprogress = (event) => {
        if (event.lengthComputable) progress(event.loaded / event.total);
      };
      call.onerror = () => reject(new TypeError("network"));
      call.onload = () => {
        const answer = parse(call.responseText);
        if (call.status === 200) resolve(answer);
        else reject(new RefusedError(lineOf(answer, call.status), call.status, answer));
      };
      call.send(file);
    });
  }
}

/** Which part of the list: rows from `offset` on, or those around a picture. version: the one that is here. */
interface Stretch {
  readonly offset: number;
  readonly limit: number;
  readonly around: number | null;
  readonly version: string;
}

/** The parameters that say which list is meant. */
export function listOf({ asked, threshold, keep }: QueueRequest, more: Readonly<Record<string, string>>): URLSearchParams {
  const { query, sort, descending } = asked;
  const said = { query, sort, descending: String(descending), threshold: String(threshold), ...(keep === null ? {} : { keep: String(keep) }) };
  return new URLSearchParams({ ...said, ...more });
}

export function json(method: string, body: unknown): RequestInit {
  return { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

export async function request<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { cache: "no-store", ...init });
  const answer = parse(await response.text());
  if (!response.ok) throw new RefusedError(lineOf(answer, response.status), response.status, answer);
  return answer as T;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function lineOf(answer: Record<string, unknown>, status: number): string {
  const line = answer["error"] ?? answer["detail"];
  return typeof line === "string" ? line : `HTTP ${status}`;
}
