/** What the project's decisions say, read now and then; nothing waits for it. */
import type { WireInsight } from "../document/insight";
import type { Api } from "../saving/api";
import { Store } from "./store";

/** Reading costs the server a second in a large project: it is asked no more often. */
const AGAIN_MS = 15_000;

export class Advice {
  readonly view = new Store<{ readonly insight: WireInsight | null }>({ insight: null });
  private readAt = -Infinity;

  constructor(
    private readonly api: Pick<Api, "insight">,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** For somebody who looks. Stays as it is where it cannot be had. */
  async look(): Promise<void> {
    if (this.now() - this.readAt < AGAIN_MS) return;
    await this.read().catch(() => undefined);
  }

  /** Rejects as the request does. */
  async read(): Promise<WireInsight> {
    this.readAt = this.now();
    const insight = await this.api.insight();
    this.view.set({ insight });
    return insight;
  }
}
