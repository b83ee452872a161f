/** Which tabs are open, so that none sends what another one still holds. */

const PREFIX = "annotator-tab";
/** A tab that is asked answers at once; without an answer in this time there is none. */
const ANSWER_MS = 300;

/**
 * A tab owns its own gestures, and those of closed tabs that it took over. The browser gives a name up when its tab
 * ends, however it ends; where a page may not use locks (plain http on another computer, a browser that keeps nothing)
 * the other tabs are asked.
 */
export class Tabs {
  private readonly owned = new Set<string>();
  private channel: BroadcastChannel | null = null;

  constructor(
    private locks: LockManager | undefined = globalThis.navigator?.locks,
    private readonly makeChannel: () => BroadcastChannel = () => new BroadcastChannel(PREFIX),
  ) {
    if (locks === undefined) this.listen();
  }

  private listen(): void {
    try {
      this.channel = this.makeChannel();
      this.channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
        if (isQuestion(data) && this.owned.has(data.ask)) this.channel!.postMessage({ own: data.ask });
      });
    } catch {
      // A browser without either: gestures may be sent by two tabs, and the server takes each once.
    }
  }

  /** Takes a tab's name for as long as this page lives; false where another page has it. */
  async claim(client: string): Promise<boolean> {
    if (this.owned.has(client)) return true;
    if (!(this.locks === undefined ? await this.isFree(client) : await this.lock(client, this.locks))) return false;
    this.owned.add(client);
    return true;
  }

  private async lock(client: string, locks: LockManager): Promise<boolean> {
    try {
      return await this.request(client, locks);
    } catch {
      if (this.locks !== undefined) this.listen();
      this.locks = undefined;
      return this.isFree(client);
    }
  }

  private request(client: string, locks: LockManager): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const held = (lock: Lock | null): Promise<void> | undefined => {
        resolve(lock !== null);
        return lock === null ? undefined : new Promise<void>(() => {});
      };
      locks.request(`${PREFIX}-${client}`, { ifAvailable: true }, held).catch(reject);
    });
  }

  private isFree(client: string): Promise<boolean> {
    const { channel } = this;
    if (channel === null) return Promise.resolve(true);
    return new Promise((resolve) => {
      const answered = (free: boolean): void => {
        clearTimeout(timer);
        channel.removeEventListener("message", listen);
        resolve(free);
      };
      const listen = ({ data }: MessageEvent<unknown>): void => {
        if ((data as { own?: unknown }).own === client) answered(false);
      };
      const timer = setTimeout(() => answered(true), ANSWER_MS);
      channel.addEventListener("message", listen);
      channel.postMessage({ ask: client });
    });
  }
}

function isQuestion(data: unknown): data is { ask: string } {
  return typeof (data as { ask?: unknown } | null)?.ask === "string";
}
