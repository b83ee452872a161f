/** Requests about who holds which picture. */
import { randomName } from "../document/names";
import type { QueueImage, QueueRequest } from "../document/protocol";
import type { Api } from "./api";
import { json, listOf, request } from "./api";
import type { Tabs } from "./tabs";

/** Who holds a picture, "" for somebody who did not sign in, and for how long. */
export interface WireLease {
  readonly mine: boolean;
  readonly name: string;
  readonly left_s: number;
}

export interface WireHandOut {
  readonly on: boolean;
  /** Whether this person may release what others hold. */
  readonly manages: boolean;
  readonly leases: readonly { readonly image: number; readonly file: string; readonly name: string; readonly left_s: number }[];
}

const KEPT = "annotator:lease-tab";

export class LeasesApi {
  private readonly root: string;
  /** The name that this tab holds pictures under, once it is known. */
  private name: string | null = null;
  private naming: Promise<string> | null = null;

  /** storage: what lasts as long as the tab, so that one that is reloaded holds its picture still. */
  constructor(
    api: Pick<Api, "root">,
    private readonly tabs: Pick<Tabs, "claim">,
    private readonly storage: Storage | null,
  ) {
    this.root = api.root;
  }

  read(): Promise<WireHandOut> {
    return request(`${this.root}/handout`);
  }

  switch(on: boolean): Promise<WireHandOut> {
    return request(`${this.root}/handout`, json("PUT", { on }));
  }

  /** The next picture that is to be done and that nobody else holds; it is this tab's then. */
  async next(asked: QueueRequest, after: number | null): Promise<{ readonly image: QueueImage | null }> {
    const list = listOf(asked, after === null ? {} : { after: String(after) });
    return request(`${this.root}/queue/next?${list}`, json("POST", { tab: await this.tab() }));
  }

  /** Takes a picture, or keeps it; null where it need not be held. */
  async keep(imageId: number): Promise<WireLease | null> {
    const answer = await request<{ lease: WireLease | null }>(`${this.root}/images/${imageId}/lease`, json("POST", { tab: await this.tab() }));
    return answer.lease;
  }

  /** Gives a picture back, also another's where this person may. */
  async release(imageId: number): Promise<void> {
    await request(`${this.root}/images/${imageId}/lease`, json("DELETE", { tab: await this.tab() }));
  }

  /** While the page is being closed: what it holds is free in a moment. */
  leave(): void {
    if (this.name !== null) navigator.sendBeacon(`${this.root}/leases/leave`, JSON.stringify({ tab: this.name }));
  }

  private tab(): Promise<string> {
    this.naming ??= this.named();
    return this.naming;
  }

  /** A tab that was duplicated has its first one's storage, and needs a name of its own. */
  private async named(): Promise<string> {
    const kept = this.kept();
    const known = kept !== null && (await this.tabs.claim(`lease-${kept}`));
    this.name = known ? kept : randomName();
    if (!known) {
      await this.tabs.claim(`lease-${this.name}`);
      try {
        this.storage?.setItem(KEPT, this.name);
      } catch {
        // A tab that may keep nothing gets another name when it is reloaded.
      }
    }
    return this.name;
  }

  private kept(): string | null {
    const found = this.storage?.getItem(KEPT) ?? null;
    return found !== null && /^[0-9a-z]{8,64}$/.test(found) ? found : null;
  }
}
