/** Instances that are no more than boxes get the masks that a network finds in them: one after the other, one step of undo. */
import { outlineOf } from "../document/outline";
import type { PromptBox } from "../document/protocol";
import type { Edit, Instance, Scene } from "../document/scene";
import { find, isLocked, maskOfRle, unchanged } from "../document/scene";
import { lineOf } from "../saving/errors";
import type { PromptsApi } from "../saving/prompts";
import type { Session } from "../session/session";
import { shownInstances } from "../session/view";
import { t } from "../strings";

/** Of its box, how much a mask may leave out and still be one; vertices lie on hundredths of a pixel. */
const MISSING = 0.001;

/** What is decided by then is waited for: a picture that changes meanwhile is passed over. */
const SAVING_MS = 5000;

export interface BoxMasksOptions {
  readonly session: Session;
  readonly api: Pick<PromptsApi, "ask">;
  /** Says how far it is, in the place of what was said before. */
  readonly answer: (text: string) => void;
  /** Fills boxes of a picture that are no instances yet, and its others; false where it has none. */
  readonly carried: (imageId: number) => Promise<boolean>;
}

/** Whether a mask fills its box: it was drawn, imported or found as one. */
export function isBox({ mask }: Instance): boolean {
  const { box, area } = outlineOf(mask);
  return area >= (box.x1 - box.x0) * (box.y1 - box.y0) * (1 - MISSING);
}

export class BoxMasks {
  private isRunning = false;

  constructor(private readonly options: BoxMasksOptions) {}

  /** Of the selected instances, or of all that are shown where none is selected. What is decided of them stays. */
  async fill(): Promise<void> {
    const { session } = this.options;
    const view = session.view.get();
    const about = shownInstances(view).filter(({ key }) => view.selection.length === 0 || view.selection.includes(key));
    const boxes = about.filter((one) => isBox(one) && !isLocked(one));
    if (view.scene === null || this.isRunning) return;
    this.isRunning = true;
    await this.fillAll(view.scene, boxes, view.selection.length === 0).finally(() => (this.isRunning = false));
  }

  private async fillAll(scene: Scene, boxes: readonly Instance[], isWhole: boolean): Promise<void> {
    const { session, carried, answer } = this.options;
    if (isWhole) {
      await session.saver.whenSaved(SAVING_MS);
      if (await carried(scene.imageId).catch(() => false)) return;
    }
    if (boxes.length === 0) return answer(t("noBoxes"));
    await this.fillThese(scene, boxes);
  }

  private async fillThese(scene: Scene, boxes: readonly Instance[]): Promise<void> {
    const { session, answer } = this.options;
    const found: Instance[] = [];
    let trouble: string | null = null;
    for (const [n, one] of boxes.entries()) {
      answer(t("boxesUnderWay", { done: n, total: boxes.length }));
      try {
        const after = await this.filled(scene, one);
        if (after !== null) found.push(after);
      } catch (error) {
        // What failed once is likely to fail again: what is found by now is kept.
        trouble = lineOf(error);
        break;
      }
    }
    // Whoever has gone on to another picture finds them on this one.
    const edit = (now: Scene): Edit[] =>
      found.flatMap((after) => {
        const before = boxes.find(({ key }) => key === after.key)!;
        return unchanged(now, before) === null ? [] : [{ before: find(now, after.key), after }];
      });
    if (session.view.get().scene?.imageId === scene.imageId) session.commit("edit", edit(session.view.get().scene!));
    else await session.commitOn(scene.imageId, "edit", edit);
    const left = boxes.length - found.length;
    answer([t("boxesFilled", { n: found.length }), trouble ?? (left === 0 ? "" : t("boxesLeft", { n: left }))].filter((text) => text !== "").join(" "));
  }

  private async filled({ imageId, height }: Scene, one: Instance): Promise<Instance | null> {
    const { x0, y0, x1, y1 } = outlineOf(one.mask).box;
    const box: PromptBox = [x0, y0, x1, y1];
    const { rle, heatmap, by } = await this.options.api.ask(imageId, { number: 0, points: [], box });
    if (rle === null) return null;
    const mask = { ...maskOfRle(rle, height), ...(heatmap === null ? {} : { heatmap }) };
    return { ...one, mask, edited: one.edited || one.source !== "manual", prompt: { by, points: [], box } };
  }
}
