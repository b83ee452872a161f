/** Requests about pictures that two people annotate apart from each other. */
import { request } from "./api";
import type { Api } from "./api";

/** `open`: second takes that wait for whoever asks, `others`: for somebody else. `named`: people sign in here. */
export interface WireTwice {
  readonly share: number;
  readonly suggestions: boolean;
  readonly chosen: number;
  readonly unreviewed: number;
  readonly open: number;
  readonly others: number;
  readonly done: number;
  readonly named: boolean;
  readonly manages: boolean;
  readonly reviews: boolean;
}

export interface WireEstimateOfTwo {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface WireFigures {
  readonly pictures: number;
  readonly first: number;
  readonly second: number;
  readonly both: number;
  readonly f1: WireEstimateOfTwo | null;
  readonly f1_close: WireEstimateOfTwo | null;
  readonly iou: WireEstimateOfTwo | null;
  readonly alpha: WireEstimateOfTwo | null;
  readonly categories: readonly { readonly category: string; readonly first: number; readonly second: number; readonly both: number; readonly f1: number; readonly iou: number | null }[];
}

export interface WirePictureOfTwo {
  readonly image_id: number;
  readonly name: string;
  readonly first: string;
  readonly second: string;
  readonly both: number;
  readonly same_category: number;
  readonly only_first: number;
  readonly only_second: number;
  readonly agreement: number;
  readonly settled: string;
}

/** `strict`: the IoU of `f1_close`. `pictures`: those with the least agreement. */
export interface WireAgreementOfTwo {
  readonly strict: number;
  readonly of_one: number;
  readonly too_many: number;
  readonly all: WireFigures;
  readonly people: readonly (WireFigures & { readonly people: readonly [string, string] })[];
  readonly pictures: readonly WirePictureOfTwo[];
}

export interface WireTaken {
  readonly key: string;
  readonly category: number;
  readonly path: string;
  /** The other take does not have it. */
  readonly only: boolean;
}

/** Both takes of a picture; `pairs`: the same object by its place in each. */
export interface WireBothTakes {
  readonly image: { readonly id: number; readonly name: string; readonly picture: string };
  readonly size: readonly [number, number];
  readonly people: readonly [string, string];
  readonly settled: "first" | "second" | "some" | null;
  readonly first: readonly WireTaken[];
  readonly second: readonly WireTaken[];
  readonly pairs: readonly { readonly first: number; readonly second: number; readonly iou: number }[];
}

export class TwiceApi {
  readonly root: string;

  constructor(api: Pick<Api, "root">) {
    this.root = `${api.root}/twice`;
  }

  read(): Promise<WireTwice> {
    return request(this.root);
  }

  choose(share: number, suggestions: boolean): Promise<WireTwice> {
    return this.order("", { share, suggestions });
  }

  pick(ids: readonly number[]): Promise<WireTwice> {
    return this.order("", { pick: ids });
  }

  unpick(): Promise<WireTwice> {
    return this.order("", { unpick: true });
  }

  /** The second take that is to be done next; null where there is none for whoever asks. */
  async next(): Promise<number | null> {
    return (await this.order<{ image: number | null }>("/next", {})).image;
  }

  agreement(): Promise<WireAgreementOfTwo> {
    return request(`${this.root}/agreement`);
  }

  both(imageId: number): Promise<WireBothTakes> {
    return request(`${this.root}/images/${imageId}`);
  }

  settle(imageId: number, take: "first" | "second"): Promise<unknown> {
    return this.order(`/images/${imageId}`, { take });
  }

  /** Adds one object of the second take to the picture. */
  takeOver(imageId: number, key: string): Promise<unknown> {
    return this.order(`/images/${imageId}`, { add: key });
  }

  private order<Answer = WireTwice>(path: string, body: object): Promise<Answer> {
    return request(`${this.root}${path}`, { method: "POST", body: JSON.stringify(body) });
  }
}
