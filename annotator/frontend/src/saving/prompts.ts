/** Requests to the networks that answer clicks and boxes with masks. */
import type { PromptBox, PromptPoint, WireHeatmap } from "../document/protocol";
import type { Api } from "./api";
import { json, request } from "./api";

/** How long an answer may take: the picture may have to be looked at first, by a large network. */
const ANSWER_MS = 120_000;

/** What is said of one object. rle or heatmap: the mask that it is about. number: comes back with the answer. */
export interface AskedPrompt {
  readonly number: number;
  readonly points: readonly PromptPoint[];
  readonly box?: PromptBox;
  readonly rle?: string;
  readonly heatmap?: WireHeatmap;
}

/** The mask that a prompt means; null where the network, `name@hash`, finds nothing there. */
export interface PromptAnswer {
  readonly number: number;
  readonly by: string;
  readonly rle: string | null;
  readonly heatmap: WireHeatmap | null;
}

export class PromptsApi {
  constructor(private readonly api: Pick<Api, "root">) {}

  ask(imageId: number, asked: AskedPrompt): Promise<PromptAnswer> {
    return request(this.addressOf(imageId), { ...json("POST", asked), signal: AbortSignal.timeout(ANSWER_MS) });
  }

  /** Looks at a picture ahead; `by` is null where no network is there that could answer. */
  prepare(imageId: number): Promise<{ readonly by: string | null }> {
    return request(this.addressOf(imageId), json("POST", { points: [], soon: true }));
  }

  private addressOf(imageId: number): string {
    return `${this.api.root}/images/${imageId}/prompt`;
  }
}
