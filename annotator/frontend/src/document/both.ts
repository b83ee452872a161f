/** The third answer to "mine or theirs": theirs stays, and mine comes beside it. */
import type { GestureBody, WireChange, WirePrompt } from "./protocol";
import type { Edit, Mask, Scene } from "./scene";
import { drawnInstance, find, maskOfParts, maskOfRle, sameInstance } from "./scene";

/**
 * What waiting gestures come to on a picture that others changed: the same as ever on instances that nobody else
 * touched; where both changed one, mine is added as a new instance, unless I rejected or deleted it.
 * `mine` is the picture as it was shown here, where it was.
 */
export function editsForBoth(
  theirs: Scene,
  mine: Scene | undefined,
  gestures: readonly GestureBody[],
  clashes: (key: string) => boolean,
): Edit[] {
  const last = new Map<string, WireChange>();
  const masks = new Map<string, Mask>();
  const prompts = new Map<string, WirePrompt | null>();
  for (const change of gestures.flatMap(({ changes }) => changes)) {
    last.set(change.key, change);
    if (change.prompt !== undefined) prompts.set(change.key, change.prompt);
    if (change.parts !== undefined) masks.set(change.key, maskOfParts(change.parts, theirs.height));
    else if (change.rle !== undefined) masks.set(change.key, withHeatmap(maskOfRle(change.rle, theirs.height), change));
  }
  const crowds = new Map(gestures.flatMap(({ changes }) => changes).flatMap(({ key, crowd }) => (crowd === undefined ? [] : [[key, crowd] as const])));
  return [...last.values()].flatMap(({ key, category, state }): Edit[] => {
    const before = find(theirs, key);
    const mask = masks.get(key) ?? before?.mask ?? (mine && find(mine, key))?.mask;
    if (before !== null && !clashes(key)) {
      const said = prompts.has(key) ? { prompt: prompts.get(key) ?? undefined } : {};
      const after = state === "deleted" ? null : { ...before, category, state, crowd: crowds.get(key) ?? before.crowd, ...said, mask: mask ?? before.mask };
      return sameInstance(before, after) ? [] : [{ before, after }];
    }
    if (state !== "accepted" || mask === undefined) return [];
    const shown = mine && find(mine, key);
    const prompt = prompts.has(key) ? (prompts.get(key) ?? undefined) : shown?.prompt;
    const copy = { ...drawnInstance(category, mask), crowd: crowds.get(key) ?? shown?.crowd, ...(prompt === undefined ? {} : { prompt }) };
    return sameInstance(before, copy) ? [] : [{ before: null, after: copy }];
  });
}

/** At a level of its own, the heatmap would have to be asked for. */
function withHeatmap(mask: Mask, { heatmap, cut }: WireChange): Mask {
  return heatmap === undefined || cut !== undefined ? mask : { ...mask, heatmap };
}
