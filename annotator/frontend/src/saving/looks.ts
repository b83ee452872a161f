/** Requests about looking at the pictures with a network's own eye (annotator/web/look_work.py). */
import { json, request } from "./api";
import type { Api } from "./api";

export interface WireLooks {
  readonly pictures: number;
  /** How many of them were looked at, and of how many a mirrored copy too. */
  readonly seen: number;
  readonly copies: number;
  readonly run: LookRun | null;
}

export interface LookRun {
  readonly network: string;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly running: boolean;
  readonly error: string | null;
}

const POLL_MS = 500;

export class LooksApi {
  private readonly root: string;

  constructor(api: Pick<Api, "root">) {
    this.root = `${api.root}/looks`;
  }

  status(): Promise<WireLooks> {
    return request(this.root);
  }

  start(copies: boolean): Promise<WireLooks> {
    return request(this.root, json("POST", { copies }));
  }

  cancel(): Promise<WireLooks> {
    return request(`${this.root}/cancel`, { method: "POST" });
  }

  /** Looks at what is new or changed, or joins who does; resolves when that has ended. */
  async follow(copies: boolean, told: (run: LookRun) => void): Promise<WireLooks> {
    let now = await this.status();
    if (now.run?.running !== true) now = await this.start(copies);
    while (now.run?.running === true) {
      told(now.run);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      now = await this.status();
    }
    return now;
  }
}
