/** The third answer to "mine or theirs": theirs stays, and mine comes beside it. */
import type { GestureBody, WireChange } from "./protocol";
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
  for (const change of gestures.flatMap(({ changes }) => changes)) {
    last.set(change.key, change);
    if (change.parts !== undefined) masks.set(change.key, maskOfParts(change.parts, theirs.height));
    else if (change.rle !== undefined) masks.set(change.key, maskOfRle(change.rle, theirs.height));
  }
  const crowds = new Map(gestures.flatMap(({ changes }) => changes).flatMap(({ key, crowd }) => (crowd === undefined ? [] : [[key, crowd] as const])));
  return [...last.values()].flatMap(({ key, category, state }): Edit[] => {
    const before = find(theirs, key);
    const mask = masks.get(key) ?? before?.mask ?? (mine && find(mine, key))?.mask;
    if (before !== null && !clashes(key)) {
      const after = state === "deleted" ? null : { ...before, category, state, crowd: crowds.get(key) ?? before.crowd, mask: mask ?? before.mask };
      return sameInstance(before, after) ? [] : [{ before, after }];
    }
    if (state !== "accepted" || mask === undefined) return [];
    const copy = { ...drawnInstance(category, mask), crowd: crowds.get(key) ?? (mine && find(mine, key))?.crowd };
    return sameInstance(before, copy) ? [] : [{ before: null, after: copy }];
  });
}
