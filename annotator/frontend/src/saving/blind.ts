/** Requests about pictures on which no suggestions are shown. */
import { request } from "./api";
import type { Api } from "./api";

/** `hidden`: pictures that are blind and not reviewed; `measured`: those that are, and nobody has looked since. */
export interface WireBlind {
  readonly share: number;
  readonly hidden: readonly number[];
  readonly measured: readonly number[];
}

export class BlindApi {
  private readonly url: string;

  constructor(api: Pick<Api, "root">) {
    this.url = `${api.root}/blind`;
  }

  read(): Promise<WireBlind> {
    return request(this.url);
  }

  /** A random share of the pictures that nobody has worked on. */
  setShare(share: number): Promise<WireBlind> {
    return this.order({ share });
  }

  /** Those of these pictures that nobody has worked on. */
  pick(ids: readonly number[]): Promise<WireBlind> {
    return this.order({ pick: ids });
  }

  show(ids: readonly number[]): Promise<WireBlind> {
    return this.order({ show: ids });
  }

  private order(body: object): Promise<WireBlind> {
    return request(this.url, { method: "POST", body: JSON.stringify(body) });
  }
}
