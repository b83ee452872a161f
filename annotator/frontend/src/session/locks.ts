/** Locked instances: no tool and no key changes them, until they are unlocked. */
import type { Verb } from "../document/protocol";
import type { Edit } from "../document/scene";
import { isLocked } from "../document/scene";

/** The edits that may be made. What changes several instances into one another is made whole or not at all. */
export function withoutLocked(verb: Verb, edits: readonly Edit[]): readonly Edit[] {
  const isOpen = ({ before, after }: Edit): boolean => !isLocked(before) || (after !== null && !isLocked(after));
  const open = edits.filter(isOpen);
  return verb === "edit" && open.length < edits.length ? [] : open;
}
