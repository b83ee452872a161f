/** New instances: their category, and the mask that the server finds inside a box. */
import type { Box } from "../document/geometry";
import { partsOfBox } from "../document/geometry";
import { outlineOf } from "../document/outline";
import type { Instance, Mask } from "../document/scene";
import { drawnInstance, find, maskOfParts, maskOfRle, reshaped } from "../document/scene";
import type { Api } from "../saving/api";
import { GRABCUT } from "../saving/api";
import type { Session } from "../session/session";
import { t } from "../strings";
import { likelyCategory } from "./review";

/** Who is asked for a mask where no model has seen the picture. */
export const BUNDLED_MODEL = "starter-person";

/** A picture that is open for so long is likely to be worked on. */
const STAYS_MS = 400;

export interface DrawingOptions {
  readonly session: Session;
  readonly api: Pick<Api, "mask" | "prepareMask">;
  /** Asks the person; null where they give up. */
  readonly pickCategory: () => Promise<number | null>;
  readonly notice: (text: string, detail?: string) => void;
}

export class Drawing {
  private model = BUNDLED_MODEL;
  private staying: ReturnType<typeof setTimeout> | undefined;
  /** A preparation is on its way, and what the next one is to be about: boxes come faster than they are prepared. */
  private preparing = false;
  private next: Box | null = null;

  constructor(private readonly options: DrawingOptions) {
    options.session.view.subscribe((now, before) => {
      if (now.scene?.imageId === before.scene?.imageId) return;
      clearTimeout(this.staying);
      if (now.scene !== null) this.staying = setTimeout(() => this.prepare(), STAYS_MS);
    });
  }

  /** The first box should not wait: what the open picture's boxes need is computed before they are drawn. */
  prepare(): void {
    clearTimeout(this.staying);
    void this.ask(null);
  }

  /** A box is being dragged: what its mask needs is computed meanwhile, and does for the box that it becomes. */
  prepareFor(box: Box): void {
    this.next = box;
    if (!this.preparing) void this.ask(box);
  }

  private async ask(box: Box | null): Promise<void> {
    const { session, api } = this.options;
    const { scene } = session.view.get();
    this.next = null;
    if (scene === null) return;
    this.preparing = true;
    await api.prepareMask(scene.imageId, this.modelOf(scene.instances), box).catch(() => {});
    this.preparing = false;
    if (this.next !== null) void this.ask(this.next);
  }

  /** A new instance of the category at hand; where none is known the person is asked, and may give up. */
  async add(mask: Mask): Promise<void> {
    const { session } = this.options;
    const { scene } = session.view.get();
    if (scene === null) return;
    const category = likelyCategory(session) ?? (await this.askCategory(mask));
    if (category === null || session.view.get().scene?.imageId !== scene.imageId) return;
    session.view.set({ category });
    const after = drawnInstance(category, mask);
    session.commit("add", [{ before: null, after }]);
    session.select([after.key]);
  }

  /** A new instance with the mask inside a box. A box without one is kept as it was drawn, and said to be. */
  async addFromBox(box: Box): Promise<void> {
    const { session } = this.options;
    const { scene } = session.view.get();
    if (scene === null) return;
    const plain = maskOfParts(partsOfBox(box), scene.height);
    session.showDraft({ key: null, parts: plain.parts! });
    const mask = await this.maskIn(box, likelyCategory(session) ?? 0);
    if (session.view.get().scene?.imageId !== scene.imageId) return;
    session.showDraft(null);
    await this.add(mask ?? plain);
  }

  /** The mask of an instance found again inside its box, or inside another one. */
  async predictAgain(instance: Instance, box: Box = outlineOf(instance.mask).box): Promise<void> {
    const { session } = this.options;
    const found = await this.maskIn(box, instance.category);
    // The instance keeps the heatmap that it has: what was found now is a mask like any other.
    const mask = found === null ? null : maskOfRle(found.rle!, found.height);
    const { scene } = session.view.get();
    const now = scene === null ? null : find(scene, instance.key);
    if (mask !== null && now !== null) session.commit("edit", [{ before: now, after: reshaped(now, mask) }]);
  }

  private async maskIn(box: Box, category: number): Promise<Mask | null> {
    const { session, api, notice } = this.options;
    const { scene } = session.view.get();
    this.next = null;
    if (scene === null) return null;
    try {
      const { rle, by, heatmap } = await api.mask(scene.imageId, this.modelOf(scene.instances), category, box);
      const mask = { ...maskOfRle(rle, scene.height), ...(heatmap === null ? {} : { heatmap }) };
      if (outlineOf(mask).area === 0) throw new Error(t("maskEmpty", { by }));
      if (by === GRABCUT) notice(t("maskByGrabCut"), t("maskByGrabCutHint"));
      return mask;
    } catch (error) {
      notice(t("maskFailed"), error instanceof Error ? error.message : "");
      return null;
    }
  }

  /** The model that suggested most of what the picture holds, else the one of the pictures before. */
  private modelOf(instances: readonly Instance[]): string {
    const names = instances.flatMap(({ source }) => (source.includes("@") ? source.split("@")[0] : []));
    const count = (name: string): number => names.filter((one) => one === name).length;
    this.model = names.toSorted((a, b) => count(b) - count(a))[0] ?? this.model;
    return this.model;
  }

  private async askCategory(mask: Mask): Promise<number | null> {
    const { session, pickCategory } = this.options;
    session.showDraft({ key: null, parts: outlineOf(mask).simple });
    const category = await pickCategory();
    session.showDraft(null);
    return category;
  }
}
