/** Requests about what reviewers say of pictures that are done. */
import type { Api } from "./api";
import { json, request } from "./api";

/** `free`: anybody may do what was sent back. */
export type Verdict = "accepted" | "sentback" | "withdrawn" | "free";

/** How a picture stands, null where it is not done; `reviews`: whether this person may say so; `own`: they did it, and another is to accept it. */
export interface WireVerdicts {
  readonly reviews: boolean;
  readonly own: boolean;
  readonly stands: "toreview" | "accepted" | "sentback" | null;
  readonly history: readonly { readonly verdict: Verdict; readonly note: string; readonly who: string; readonly whom: string; readonly at: string }[];
}

export interface WireReviewing {
  readonly on: boolean;
  readonly manages: boolean;
  readonly counts: { readonly toreview: number; readonly accepted: number; readonly sentback: number } | null;
}

export class VerdictsApi {
  constructor(private readonly api: Pick<Api, "root">) {}

  read(): Promise<WireReviewing> {
    return request(`${this.api.root}/verdicts`);
  }

  switch(on: boolean): Promise<WireReviewing> {
    return request(`${this.api.root}/verdicts`, json("PUT", { on }));
  }

  of(imageId: number): Promise<WireVerdicts> {
    return request(`${this.api.root}/images/${imageId}/verdicts`);
  }

  /** The ids of the pictures that it changed. `revision`: of one picture, as it was looked at; refused where it is another by now. */
  async say(ids: readonly number[], verdict: Verdict, note = "", revision: number | null = null): Promise<readonly number[]> {
    return (await request<{ ids: readonly number[] }>(`${this.api.root}/verdicts`, json("POST", { ids, verdict, note, revision }))).ids;
  }
}
