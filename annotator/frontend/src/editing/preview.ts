/** The mask that a click would give, before anybody clicks: where the pointer rests, and the network answers quickly. */
import type { Point } from "../document/geometry";
import type { Mask } from "../document/scene";
import { maskOfRle } from "../document/scene";
import type { PromptsApi } from "../saving/prompts";
import type { Session } from "../session/session";
import { selectedInstance } from "../session/view";

/** A pointer that moves is on its way to somewhere else. */
const RESTS_MS = 60;
/** Whoever waits longer for a preview has clicked before it is there: after so many such answers no more is asked. */
const QUICK_MS = 200;
const SLOW_ANSWERS = 2;

export interface PreviewOptions {
  readonly session: Session;
  readonly api: Pick<PromptsApi, "ask">;
}

export class Preview {
  /** What is shown; null: nothing. */
  mask: Mask | null = null;
  /** Called with every change of it. */
  onChange: () => void = () => {};
  private at: Point | null = null;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private isAsking = false;
  private slow = 0;

  constructor(private readonly options: PreviewOptions) {
    options.session.view.subscribe((now, before) => {
      if (now.scene?.imageId === before.scene?.imageId) return;
      this.slow = 0;
      this.clear();
    });
  }

  /** The pointer has come to a place of the picture. */
  move(at: Point): void {
    this.at = at;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => void this.ask(), RESTS_MS);
  }

  clear(): void {
    clearTimeout(this.resting);
    this.at = null;
    this.show(null);
  }

  private async ask(): Promise<void> {
    const { session, api } = this.options;
    const view = session.view.get();
    const { at } = this;
    if (at === null || view.scene === null || view.prompts !== "ready" || this.isAsking || this.slow >= SLOW_ANSWERS) return;
    if (selectedInstance(view) !== null) return;
    const { imageId, height } = view.scene;
    this.isAsking = true;
    const began = performance.now();
    const [x, y] = [Math.round(at[0] * 10) / 10, Math.round(at[1] * 10) / 10];
    const answer = await api.ask(imageId, { number: 0, points: [[x, y, 1]] }).catch(() => null);
    this.isAsking = false;
    this.slow = performance.now() - began > QUICK_MS ? this.slow + 1 : 0;
    if (this.at === null || session.view.get().scene?.imageId !== imageId) return;
    this.show(answer?.rle == null ? null : maskOfRle(answer.rle, height));
    if (this.at !== at) void this.ask();
  }

  private show(mask: Mask | null): void {
    if (mask === this.mask) return;
    this.mask = mask;
    this.onChange();
  }
}
