/** The open picture is held by this page while somebody works on it; what another holds is only looked at. */
import type { QueueImage, QueueRequest } from "../document/protocol";
import type { LeasesApi, WireLease } from "../saving/leases";
import type { Notice } from "./notice";
import type { PictureQueue } from "./queue";
import type { Store } from "./store";
import type { View } from "./view";

/** How often the server is told that somebody is at work: a lease lasts ten minutes. */
const BEAT_MS = 30_000;
/** So long after the last key or press somebody is still at work: they may be looking. */
const AWAY_MS = 5 * 60_000;

export interface LeasingOptions {
  readonly view: Store<View>;
  readonly queue: PictureQueue["view"];
  readonly api: Pick<LeasesApi, "keep" | "next" | "leave">;
  readonly notice: Notice;
  readonly now: () => number;
}

export class Leasing {
  private worked: number;
  /** The open picture, where this page wants it no more. */
  private left: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: LeasingOptions) {
    this.worked = options.now();
    options.view.subscribe((now, before) => {
      if (now.scene?.imageId === before.scene?.imageId) return;
      this.left = null;
      void this.beat();
    });
    options.queue.subscribe((now, before) => {
      if (now.handout !== before.handout) void this.beat();
    });
  }

  /** Somebody pressed a key or the pointer. */
  noteWork(): void {
    const back = this.options.now() - this.worked > AWAY_MS;
    this.worked = this.options.now();
    if (back) void this.beat();
  }

  /** The next picture to do, held by this page. */
  async next(asked: QueueRequest, after: number | null): Promise<QueueImage | null> {
    return (await this.options.api.next(asked, after)).image;
  }

  /** Whether a picture is this page's to work on; it is then held. Where nobody answers, it is. */
  async isMine(imageId: number): Promise<boolean> {
    return (await this.options.api.keep(imageId).catch(() => null))?.mine !== false;
  }

  /** Whether a change is refused because somebody else holds the open picture; the person is told. */
  refuses(): boolean {
    const { view, notice } = this.options;
    const refused = isHeldElsewhere(view.get());
    if (refused) notice("error", "heldElsewhere", view.get().lease?.name);
    return refused;
  }

  /** The open picture is somebody else's to do: this page does not hold it while it only shows it. */
  letGo(imageId: number): void {
    if (this.options.view.get().scene?.imageId !== imageId) return;
    this.left = imageId;
    void this.beat();
  }

  leave(): void {
    if (this.options.queue.get().handout) this.options.api.leave();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.leave();
  }

  /** Tells the server that the open picture is worked on, now and every half minute. */
  async beat(): Promise<void> {
    const { view, queue, api, now } = this.options;
    clearTimeout(this.timer);
    const imageId = view.get().scene?.imageId ?? null;
    if (imageId === null || imageId === this.left || !queue.get().handout) return view.set({ lease: null });
    if (view.get().lease?.imageId !== imageId) view.set({ lease: null });
    this.timer = setTimeout(() => void this.beat(), BEAT_MS);
    if (now() - this.worked > AWAY_MS) return;
    const lease = await api.keep(imageId).catch(() => undefined);
    if (lease !== undefined && view.get().scene?.imageId === imageId && imageId !== this.left) this.show(imageId, lease);
  }

  private show(imageId: number, lease: WireLease | null): void {
    const { view, notice } = this.options;
    const had = view.get().lease?.mine === true;
    view.set({ lease: lease === null ? null : { imageId, mine: lease.mine, name: lease.name, until: Date.now() + lease.left_s * 1000 } });
    if (had && lease !== null && !lease.mine) notice("error", "leaseLost", lease.name);
  }
}

/** Whether somebody else holds the open picture. */
export function isHeldElsewhere({ scene, lease }: View): boolean {
  return scene !== null && lease !== null && lease.imageId === scene.imageId && !lease.mine;
}
