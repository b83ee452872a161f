/** Requests to the networks that answer clicks and boxes with masks. */
import type { PromptBox, PromptPoint, WireHeatmap } from "../document/protocol";
import type { Api } from "./api";
import { json, request } from "./api";
import { RefusedError } from "./errors";
import type { Shelf } from "./shelf";
import { preference, setPreference } from "./shelf";

/** How long an answer may take: the picture may have to be looked at first, by a large network. */
const ANSWER_MS = 120_000;

/**
 * What is said of one object. rle or heatmap: the mask that it is about; repairs: which goes back to one that was there before.
 * number: comes back with the answer.
 */
export interface AskedPrompt {
  readonly number: number;
  readonly points: readonly PromptPoint[];
  readonly box?: PromptBox;
  readonly rle?: string;
  readonly heatmap?: WireHeatmap;
  readonly repairs?: true;
}

/** The mask that a prompt means; null where the network, `name@hash`, finds nothing there. */
export interface PromptAnswer {
  readonly number: number;
  readonly by: string;
  readonly rle: string | null;
  readonly heatmap: WireHeatmap | null;
}

/** The networks that are here; `offered` answers where none is named. */
export interface PromptNetworks {
  readonly networks: readonly { readonly name: string; readonly title: string }[];
  readonly offered: string | null;
}

const NETWORK = "promptNetwork";

export class PromptsApi {
  private chosen: string | null;

  constructor(
    private readonly api: Pick<Api, "root">,
    private readonly shelf: Shelf | null,
  ) {
    this.chosen = preference<string | null>(shelf, NETWORK, null);
  }

  /** The name of the network that is asked; null: the one that the server offers. */
  get network(): string | null {
    return this.chosen;
  }

  choose(network: string | null): void {
    this.chosen = network;
    setPreference(this.shelf, NETWORK, network);
  }

  networks(): Promise<PromptNetworks> {
    return request(`${this.api.root}/prompts`);
  }

  ask(imageId: number, asked: AskedPrompt): Promise<PromptAnswer> {
    return request(this.addressOf(imageId), { ...json("POST", { ...asked, ...this.named() }), signal: AbortSignal.timeout(ANSWER_MS) });
  }

  /**
   * Looks at a picture ahead; `by` is null where no network is there that could answer. A network that was chosen
   * on another day, and is gone, is chosen no longer.
   */
  async prepare(imageId: number): Promise<{ readonly by: string | null }> {
    try {
      return await request(this.addressOf(imageId), json("POST", { points: [], soon: true, ...this.named() }));
    } catch (error) {
      if (this.chosen === null || !(error instanceof RefusedError) || error.status !== 400) throw error;
      this.choose(null);
      return this.prepare(imageId);
    }
  }

  private named(): { readonly model?: string } {
    return this.chosen === null ? {} : { model: this.chosen };
  }

  private addressOf(imageId: number): string {
    return `${this.api.root}/images/${imageId}/prompt`;
  }
}
