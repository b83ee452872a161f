/** What a person says of instances beside their category: flags, notes, locks; and which of them are not drawn. */
import type { Edit, Instance, Scene } from "../document/scene";
import { isCrowd, isLocked } from "../document/scene";
import type { Session } from "../session/session";

/** Those that formats know (FLAGS in annotator/core/dataset.py). */
export const FLAGS = ["occluded", "truncated", "difficult"] as const;

export const MAX_FLAG = 60;
export const MAX_FLAGS = 20;
export const MAX_NOTE = 2000;

export function hasFlag(instance: Instance, flag: string): boolean {
  return instance.flags?.includes(flag) === true;
}

/** Before a network, model@version: what that one sees. */
export const SEEN_BY = "network:";

/** Whether a network suggested it, or sees an object in its place. */
export function isSeenBy({ source, vote }: Instance, network: string): boolean {
  return source === network || (vote?.by === network && (vote.agreement === "both" || vote.agreement === "conflict"));
}

/** Those that suggested something on the picture, or were asked about it. */
export function networksOf(scene: Scene | null): string[] {
  const named = (scene?.instances ?? []).flatMap(({ source, vote }) => [...(source.includes("@") ? [source] : []), ...(vote === undefined ? [] : [vote.by])]);
  return [...new Set(named)].sort();
}

/** Whether the list shows it when it is asked for a flag, or for one of MARKS. */
export function hasMark(instance: Instance, mark: string, hidden: ReadonlySet<string>): boolean {
  switch (mark) {
    case "crowd":
      return isCrowd(instance);
    case "locked":
      return isLocked(instance);
    case "note":
      return (instance.note ?? "") !== "";
    case "hidden":
      return hidden.has(instance.key);
    case "agreement:both":
    case "agreement:one":
    case "agreement:conflict":
    case "agreement:silent":
      return `agreement:${instance.vote?.agreement}` === mark;
    default:
      if (mark.startsWith(SEEN_BY)) return isSeenBy(instance, mark.slice(SEEN_BY.length));
      return hasFlag(instance, mark.replace(/^flag:/, ""));
  }
}

/** Gives the flag to all of them, or takes it from all where all have it; saying so accepts a suggestion. */
export function toggleFlag(session: Session, flag: string, instances: readonly Instance[]): void {
  const on = !instances.every((one) => hasFlag(one, flag));
  const edits = instances.flatMap((before): Edit[] => {
    const others = (before.flags ?? []).filter((one) => one !== flag);
    if (hasFlag(before, flag) === on || (on && others.length >= MAX_FLAGS)) return [];
    const flags = on ? [...others, flag].sort() : others;
    return [{ before, after: { ...before, flags, state: "accepted" } }];
  });
  session.commit("flag", edits);
}

export function writeNote(session: Session, note: string, instances: readonly Instance[]): void {
  const changed = instances.filter((before) => (before.note ?? "") !== note);
  session.commit("note", changed.map((before) => ({ before, after: { ...before, note } })));
}

export function toggleLock(session: Session, instances: readonly Instance[]): void {
  const locked = !instances.every(isLocked);
  const changed = instances.filter((before) => isLocked(before) !== locked);
  session.commit("flag", changed.map((before) => ({ before, after: { ...before, locked } })));
}

/** Takes them out of the view, or back into it where none is seen; nothing of the project changes. */
export function toggleHidden(session: Session, instances: readonly Instance[]): void {
  const { hidden } = session.view.get();
  const keys = instances.map(({ key }) => key);
  const shows = keys.every((key) => hidden.has(key));
  const others = [...hidden].filter((key) => !keys.includes(key));
  if (keys.length > 0) session.view.set({ hidden: new Set(shows ? others : [...others, ...keys]) });
}
