/** Moves the level at which the selected instance's heatmap becomes a mask: shown live, one gesture when it ends. */
import type { Heatmap } from "../document/heatmap";
import { HALF, LEVELS, runsAtLevel, unpacked } from "../document/heatmap";
import { runsOfMask } from "../document/paint";
import { areaOfRuns, encodeCounts, iouOfRuns } from "../document/rle";
import type { Instance, Mask, Scene } from "../document/scene";
import { maskOfRle, promptText, reshaped, unchanged } from "../document/scene";
import { traceRuns } from "../document/trace";
import type { Api } from "../saving/api";
import type { Session } from "../session/session";
import { selectedInstance } from "../session/view";
import { t } from "../strings";

/** The id of the tool that moves the level: with it in hand, heatmaps are asked for early. */
export const LEVEL_TOOL = "level";

export interface LevelsOptions {
  readonly session: Session;
  readonly api: Pick<Api, "heatmap">;
  readonly notice: (text: string) => void;
  /** Says something to people who do not see the picture. */
  readonly say: (text: string) => void;
}

type Size = Pick<Scene, "width" | "height">;

/** Snapshot at the start; the mask of every level is computed from it. */
interface Begun {
  readonly before: Instance;
  readonly runsBefore: readonly number[];
  readonly heatmap: Heatmap;
  readonly size: Size;
  /** The level of the mask before, or the one whose mask is most like it. */
  readonly from: number;
  /** The mask before is exactly of that level: nothing drawn by hand is lost. */
  readonly exact: boolean;
  level: number;
  runs: readonly number[];
}

export class Levels {
  /** Of the open picture; null where there is none. */
  private readonly heatmaps = new Map<string, Heatmap | null>();
  /** By the same names (`nameOf`). */
  private readonly loading = new Map<string, Promise<void>>();
  private begun: Begun | null = null;
  private keyHeld = false;
  /** Presses whose heatmap is on its way: they move the level together once it is there. */
  private early: { readonly key: string; readonly by: number } | null = null;

  constructor(private readonly options: LevelsOptions) {
    const { session } = options;
    session.view.subscribe((now, before) => {
      if (now.scene?.imageId !== before.scene?.imageId) {
        this.begun = null;
        this.heatmaps.clear();
        this.loading.clear();
      }
      if (selectedInstance(now) !== selectedInstance(before) || now.tool !== before.tool) this.follow();
    });
  }

  /** The level that the gesture began at; null where there is none under way. */
  from(): number | null {
    return this.begun?.from ?? null;
  }

  /** Begins a gesture on the selected instance; false where its heatmap is not at hand. */
  begin(): boolean {
    const before = selectedInstance(this.options.session.view.get());
    const { scene } = this.options.session.view.get();
    const heatmap = before === null ? null : this.heatmaps.get(nameOf(before));
    if (before === null || scene === null || heatmap === null || heatmap === undefined) return false;
    const { width, height } = scene;
    const runsBefore = runsOfMask(before.mask, scene.width);
    const from = levelOf(heatmap, before.mask, runsBefore, scene);
    const runs = runsAtLevel(heatmap, from, width, height);
    if (areaOfRuns(runs) === 0) return false;
    const exact = encodeCounts(runs) === encodeCounts(runsBefore);
    this.begun = { before, runsBefore, heatmap, size: scene, from, exact, level: from, runs };
    return true;
  }

  /** Shows the mask at a level, or at the nearest that leaves something of it. */
  to(level: number): void {
    const { begun } = this;
    if (begun === null) return;
    const { width, height } = begun.size;
    begun.level = Math.max(LEVELS.lowest, Math.min(LEVELS.highest, Math.round(level)));
    begun.runs = runsAtLevel(begun.heatmap, begun.level, width, height);
    if (areaOfRuns(begun.runs) === 0) {
      begun.level = highestWhere((one) => areaOfRuns(runsAtLevel(begun.heatmap, one, width, height)) > 0);
      begun.runs = runsAtLevel(begun.heatmap, begun.level, width, height);
    }
    const { parts } = traceRuns(begun.runs, begun.size.height);
    this.options.session.showDraft({ key: begun.before.key, parts, note: noteOf(begun) });
  }

  /** A key's press: a larger mask is a lower level. The gesture ends when the key is let go. */
  async step(direction: "larger" | "smaller"): Promise<void> {
    this.keyHeld = true;
    const one = selectedInstance(this.options.session.view.get());
    if (one === null) return;
    let by = direction === "larger" ? -1 : 1;
    if (this.begun === null && !this.heatmaps.has(nameOf(one))) {
      const before = this.early?.key === one.key ? this.early : null;
      this.early = { key: one.key, by: by + (before?.by ?? 0) };
      if (before !== null) return;
      await this.load(one);
      const { early } = this;
      if (early?.key !== one.key) return;
      this.early = null;
      if (selectedInstance(this.options.session.view.get())?.key !== one.key) return;
      by = early.by;
    }
    if (this.begun === null && !this.begin()) {
      // With the tool at hand the hint says it.
      if (this.options.session.view.get().tool !== LEVEL_TOOL) this.options.notice(t("levelNothing"));
      return;
    }
    this.move(this.begun!, by);
    this.options.say(noteOf(this.begun!));
    // The key may be up again while the heatmap was on its way.
    if (!this.keyHeld) this.finish();
  }

  /** Moves by some levels, and on to the next one that gives another mask: a press that shows nothing looks broken. */
  private move(begun: Begun, by: number): void {
    const before = encodeCounts(begun.runs);
    let level = begun.level + by;
    this.to(level);
    // As many presses to one side as to the other move nothing.
    while (by !== 0 && begun.level === level && encodeCounts(begun.runs) === before) this.to((level += Math.sign(by)));
  }

  /** Keys were let go. */
  settle(): void {
    if (!this.keyHeld) return;
    this.keyHeld = false;
    this.finish();
  }

  finish(): void {
    const { begun } = this;
    const { session } = this.options;
    if (begun === null) return;
    this.cancel();
    const now = unchanged(session.view.get().scene, begun.before);
    if (now === null) return;
    const counts = encodeCounts(begun.runs);
    if (counts === encodeCounts(begun.runsBefore)) return;
    const mask: Mask = { ...maskOfRle(counts, begun.size.height), level: begun.level };
    session.commit("edit", [{ before: now, after: reshaped(now, mask) }]);
  }

  /** Gives up what was begun; true where there was something. */
  cancel(): boolean {
    if (this.begun === null) return false;
    this.begun = null;
    this.options.session.showDraft(null);
    return true;
  }

  private follow(): void {
    const one = selectedInstance(this.options.session.view.get());
    if (this.begun !== null && one?.key !== this.begun.before.key) this.cancel();
    this.tell();
    if (one === null || this.heatmaps.has(nameOf(one))) return;
    // What a person drew seldom has one: that is asked only where it matters.
    const { tool } = this.options.session.view.get();
    if (tool === LEVEL_TOOL || one.source.includes("@") || one.prompt !== undefined || one.mask.heatmap !== undefined) void this.load(one);
  }

  private load(one: Instance): Promise<void> {
    const under = this.loading.get(nameOf(one));
    if (under !== undefined) return under;
    const promise = this.read(one).finally(() => {
      if (this.loading.get(nameOf(one)) === promise) this.loading.delete(nameOf(one));
    });
    this.loading.set(nameOf(one), promise);
    return promise;
  }

  private async read(one: Instance): Promise<void> {
    const { session, api } = this.options;
    const imageId = session.view.get().scene!.imageId;
    try {
      const wire = one.mask.heatmap ?? (await api.heatmap(imageId, one.key));
      const heatmap = wire === null ? null : await unpacked(wire);
      if (session.view.get().scene?.imageId !== imageId) return;
      this.heatmaps.set(nameOf(one), heatmap);
      this.tell();
    } catch {
      // Not known: it is asked for again when the instance is selected or its level moved.
    }
  }

  private tell(): void {
    const { view } = this.options.session;
    const one = selectedInstance(this.options.session.view.get());
    const heatmap = one === null ? undefined : this.heatmaps.get(nameOf(one));
    const hasHeatmap = heatmap === undefined ? null : heatmap !== null;
    if (view.get().hasHeatmap !== hasHeatmap) view.set({ hasHeatmap });
  }
}

/** An instance has a heatmap of its own, and one of each prompt that made its mask. */
function nameOf(instance: Instance): string {
  return instance.key + promptText(instance);
}

/** The level that gives this very mask, or else, where people have changed it, the one that is most like it. */
function levelOf(heatmap: Heatmap, mask: Mask, runs: readonly number[], { width, height }: Size): number {
  const at = (level: number): readonly number[] => runsAtLevel(heatmap, level, width, height);
  const counts = encodeCounts(runs);
  const area = areaOfRuns(runs);
  for (const likely of [mask.level, HALF, highestWhere((level) => areaOfRuns(at(level)) >= area)]) {
    if (likely !== undefined && likely >= LEVELS.lowest && encodeCounts(at(likely)) === counts) return likely;
  }
  const likest = (levels: readonly number[]): number => {
    const likeness = levels.map((level) => iouOfRuns(at(level), runs));
    return levels[likeness.indexOf(Math.max(...likeness))];
  };
  const near = likest(Array.from({ length: 10 }, (_, index) => 5 + 10 * index));
  return likest(Array.from({ length: 9 }, (_, index) => near - 4 + index));
}

/** The highest level of which this holds, 0 where there is none; it holds of every level below it. */
function highestWhere(holds: (level: number) => boolean): number {
  let [low, high] = [LEVELS.lowest - 1, LEVELS.highest];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function noteOf({ level, runs, runsBefore, exact }: Begun): string {
  return t(exact ? "levelNote" : "levelNoteEdited", { level: (level / 100).toFixed(2), iou: iouOfRuns(runs, runsBefore).toFixed(3) });
}
