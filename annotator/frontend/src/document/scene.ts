/** What one picture holds, as values that never change; every update makes a new scene. */
import type { Part } from "./geometry";
import { rounded } from "./geometry";
import { randomName } from "./names";
import type { State, WireCategory, WireChange, WireDocument, WireHeatmap, WireInstance, WirePrompt, WireVote } from "./protocol";

/**
 * A mask by identity: the same object means the same mask, so that outlines are kept by it.
 * `parts` are polygons that a person drew or dragged; where they are null, `rle` is the mask.
 */
export interface Mask {
  readonly rle: string | null;
  readonly parts: readonly Part[] | null;
  /** Height of the picture; runs cannot be read without it. */
  readonly height: number;
  /** Hundredths: the level of the instance's heatmap that made the mask, where one did. */
  readonly level?: number;
  /** The heatmap of a mask that was found inside a box. */
  readonly heatmap?: WireHeatmap;
}

export interface Instance {
  readonly key: string;
  readonly category: number;
  readonly state: Exclude<State, "deleted">;
  readonly score: number | null;
  readonly source: string;
  readonly edited: boolean;
  /** Whether it is a group that was annotated together; left out where it is not. */
  readonly crowd?: boolean | undefined;
  /** These three are left out where nothing is said. */
  readonly flags?: readonly string[] | undefined;
  readonly note?: string | undefined;
  readonly locked?: boolean | undefined;
  /** What was said to the network that made or repaired the mask, so that a later repair goes on from it. */
  readonly prompt?: WirePrompt | undefined;
  /** What a second network says of it; left out where none was asked. */
  readonly vote?: WireVote | undefined;
  readonly mask: Mask;
}

export interface Scene {
  readonly imageId: number;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly url: string;
  readonly reviewed: boolean;
  readonly prelabelled: boolean;
  /** What networks found on it is not shown. */
  readonly blind?: boolean;
  /** Somebody annotated the picture before, apart from this. */
  readonly take?: boolean;
  readonly note: string;
  readonly instances: readonly Instance[];
}

/** One instance before and after; null where it is not there. At least one is given, both of the same key. */
export interface Edit {
  readonly before: Instance | null;
  readonly after: Instance | null;
}

export function sceneOf(document: WireDocument): Scene {
  const { image } = document;
  return {
    imageId: image.id,
    name: image.name,
    width: image.width,
    height: image.height,
    url: image.url,
    reviewed: image.reviewed,
    prelabelled: image.prelabelled,
    ...(image.blind === true ? { blind: true } : {}),
    ...(image.take === true ? { take: true } : {}),
    note: image.note ?? "",
    instances: document.instances.flatMap((wire) => instanceOf(wire, image.height) ?? []),
  };
}

function instanceOf(wire: WireInstance, height: number): Instance | null {
  if (wire.state === "deleted") return null;
  const { key, category, state, score, source, edited } = wire;
  const mask = { rle: wire.rle, parts: wire.parts, height };
  return { key, category, state, score, source, edited, ...saidOf(wire), mask };
}

/** What is said of an instance beside its category and state, as far as anything is. */
function saidOf({ crowd, flags = [], note = "", locked, prompt, vote }: Pick<WireInstance, "crowd" | "flags" | "note" | "locked" | "prompt" | "vote">): Partial<Instance> {
  return {
    ...(crowd === true ? { crowd } : {}),
    ...(flags.length > 0 ? { flags } : {}),
    ...(note === "" ? {} : { note }),
    ...(locked === true ? { locked } : {}),
    ...(prompt === undefined || prompt === null ? {} : { prompt }),
    ...(vote === undefined || vote === null ? {} : { vote }),
  };
}

export function isLocked(instance: Instance | null): boolean {
  return instance?.locked === true;
}

/** Whether two versions of an instance are said to be the same, whatever their masks. */
function saysTheSame(a: Instance, b: Instance): boolean {
  if (promptText(a) !== promptText(b)) return false;
  return isCrowd(a) === isCrowd(b) && isLocked(a) === isLocked(b) && (a.note ?? "") === (b.note ?? "") && String(a.flags ?? []) === String(b.flags ?? []);
}

/** Tells what was said to a network from what was said at another time. */
export function promptText(instance: Instance | null): string {
  const prompt = instance?.prompt;
  return prompt === undefined ? "" : JSON.stringify([prompt.by, prompt.points, prompt.box]);
}

export function isCrowd(instance: Instance | null): boolean {
  return instance?.crowd === true;
}

export function maskOfParts(parts: readonly Part[], height: number): Mask {
  return { rle: null, parts: rounded(parts), height };
}

export function maskOfRle(rle: string, height: number): Mask {
  return { rle, parts: null, height };
}

export function find(scene: Scene, key: string | null): Instance | null {
  return scene.instances.find((instance) => instance.key === key) ?? null;
}

export function applyEdits(scene: Scene, edits: readonly Edit[], reviewed: boolean = scene.reviewed, note: string = scene.note): Scene {
  const changed = new Map(edits.map((edit) => [keyOf(edit), edit.after]));
  const instances: Instance[] = [];
  for (const instance of scene.instances) {
    const after = changed.get(instance.key);
    if (after === undefined) instances.push(instance);
    else if (after !== null) instances.push(after);
    changed.delete(instance.key);
  }
  for (const after of changed.values()) if (after !== null) instances.push(after);
  return { ...scene, reviewed, note, instances };
}

export function reversed(edits: readonly Edit[]): Edit[] {
  return edits.map(({ before, after }) => ({ before: after, after: before }));
}

export function keyOf(edit: Edit): string {
  return (edit.after ?? edit.before)!.key;
}

/** A new instance with a mask that a person made. */
export function drawnInstance(category: number, mask: Mask): Instance {
  return { key: randomName(), category, state: "accepted", score: null, source: "manual", edited: false, mask };
}

/** The instance with another mask: what a model predicted counts as edited from then on, and as accepted. */
export function reshaped(instance: Instance, mask: Mask): Instance {
  return { ...instance, mask, state: "accepted", edited: instance.edited || instance.source !== "manual" };
}

/** A mask goes along only where it changed: what nobody touched keeps the model's own runs. */
export function wireChange({ before, after }: Edit): WireChange {
  if (after === null) return { key: before!.key, category: before!.category, state: "deleted" };
  const change = { key: after.key, category: after.category, state: after.state, ...saidChange(before, after) };
  if (before !== null && before.mask === after.mask) return change;
  if (after.mask.parts !== null) return { ...change, parts: after.mask.parts };
  const { rle, level, heatmap } = after.mask;
  return { ...change, rle: rle!, ...(level === undefined ? {} : { cut: level }), ...(heatmap === undefined ? {} : { heatmap }) };
}

/** What is said of an instance now and was not before, or no more. */
function saidChange(before: Instance | null, after: Instance): Partial<WireChange> {
  const flags = after.flags ?? [];
  const note = after.note ?? "";
  return {
    ...(isCrowd(before) === isCrowd(after) ? {} : { crowd: isCrowd(after) }),
    ...(String(before?.flags ?? []) === String(flags) ? {} : { flags }),
    ...((before?.note ?? "") === note ? {} : { note }),
    ...(isLocked(before) === isLocked(after) ? {} : { locked: isLocked(after) }),
    ...(promptText(before) === promptText(after) ? {} : { prompt: after.prompt ?? null }),
  };
}

/** The same decision about the same mask, whether it came from the server or from here. */
export function sameInstance(a: Instance | null, b: Instance | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.state !== b.state || a.category !== b.category || !saysTheSame(a, b)) return false;
  if (a.mask === b.mask) return true;
  if (a.mask.parts !== null && b.mask.parts !== null) return JSON.stringify(a.mask.parts) === JSON.stringify(b.mask.parts);
  return a.mask.rle !== null && a.mask.rle === b.mask.rle;
}

/** The instance as the scene has it now; null where it has changed under the hand, or gone, since a gesture began. */
export function unchanged(scene: Scene | null, instance: Instance): Instance | null {
  const now = scene === null ? null : find(scene, instance.key);
  return sameInstance(now, instance) ? now : null;
}

/** The scores from which on suggestions are shown: those of categories that have their own, and the general one. */
export interface Thresholds {
  readonly threshold: number;
  readonly categories: readonly WireCategory[];
}

/** Whether a suggestion of this score is shown; one without a score always is. */
export function passes({ score, category }: Instance, thresholds: Thresholds): boolean {
  return score === null || score >= thresholdOf(category, thresholds);
}

/** The threshold that counts for a category's suggestions. */
export function thresholdOf(category: number, { threshold, categories }: Thresholds): number {
  return ownThresholds(categories).get(category) ?? threshold;
}

const OWN = new WeakMap<readonly WireCategory[], ReadonlyMap<number, number>>();

/** By id, the thresholds of the categories that have their own. */
export function ownThresholds(categories: readonly WireCategory[]): ReadonlyMap<number, number> {
  const known = OWN.get(categories);
  if (known !== undefined) return known;
  const found = new Map(categories.flatMap(({ id, threshold }) => (typeof threshold === "number" ? [[id, threshold] as const] : [])));
  OWN.set(categories, found);
  return found;
}

export function isVisible(instance: Instance, sight: Thresholds & { readonly showRejected: boolean }): boolean {
  if (instance.state === "accepted") return true;
  if (instance.state === "rejected") return sight.showRejected;
  return passes(instance, sight);
}

export interface SuggestionCount {
  readonly shown: number;
  readonly total: number;
}

export function countSuggestions(scene: Scene, thresholds: Thresholds): SuggestionCount {
  let shown = 0;
  let total = 0;
  for (const instance of scene.instances) {
    if (instance.state !== "suggested") continue;
    total++;
    if (passes(instance, thresholds)) shown++;
  }
  return { shown, total };
}

/** How often each category occurs among accepted and suggested instances. */
export function categoryCounts(scene: Scene): Map<WireCategory["id"], number> {
  const counts = new Map<number, number>();
  for (const { category, state } of scene.instances) {
    if (state !== "rejected") counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return counts;
}

/** Whether a model suggested it: what comes from one is kept as rejected, so that it can be found and taken back. */
export function isSuggested({ source }: Instance): boolean {
  return source.includes("@");
}
