/** Decisions about instances: what A, D, C and the arrows do, without a page around them. */
import { clashesOf } from "../document/clashes";
import { outlineOf } from "../document/outline";
import type { Agreement } from "../document/protocol";
import type { Edit, Instance, Thresholds } from "../document/scene";
import { find, isCrowd, isLocked, isSuggested, isVisible, passes, thresholdOf } from "../document/scene";
import { unreachable } from "../document/unreachable";
import type { Session } from "../session/session";
import type { Size, SortOrder } from "../session/view";
import { hasMark } from "./flags";
import { START_VIEW, peekedInstances } from "../session/view";

/** What is to be decided comes first. */
const STATES: readonly Instance["state"][] = ["suggested", "accepted", "rejected"];

/** What a key is about: the selected instances; where there are none, the suggestion under the pointer. */
export function targets(session: Session): Instance[] {
  const view = session.view.get();
  const { scene, selection, hover } = view;
  if (scene === null) return [];
  const peeked = peekedInstances(view);
  const hovered = hover === null ? null : find(scene, hover);
  // Nobody looks where the pointer rests: what is decided changes only where it was selected.
  const open = hovered?.state === "suggested" ? [hovered] : [];
  const chosen = selection.length > 0 ? selection.flatMap((key) => find(scene, key) ?? []) : open;
  return chosen.filter((one) => isVisible(one, view) || peeked.includes(one));
}

export function accept(session: Session, instances: readonly Instance[] = targets(session)): void {
  const edits = instances
    .filter((one) => one.state !== "accepted")
    .map((before) => ({ before, after: { ...before, state: "accepted" as const } }));
  decide(session, () => session.commit("accept", edits), instances);
}

/** What a model suggested is rejected, also once it was accepted; what a person made is deleted. */
export function reject(session: Session, instances: readonly Instance[] = targets(session)): void {
  const edits: Edit[] = instances
    .filter((one) => one.state !== "rejected")
    .map((before) => ({ before, after: isSuggested(before) ? { ...before, state: "rejected" as const } : null }));
  const verb = edits.some((edit) => edit.after === null) ? "delete" : "reject";
  decide(session, () => session.commit(verb, edits), instances);
}

/** Accepts every suggestion above the threshold and marks the picture reviewed. */
export function acceptVisible(session: Session): void {
  const view = session.view.get();
  const { scene } = view;
  if (scene === null) return;
  const edits = scene.instances
    .filter((one) => one.state === "suggested" && passes(one, view))
    .map((before) => ({ before, after: { ...before, state: "accepted" as const } }));
  session.commit(edits.length > 0 ? "accept" : "review", edits, true);
}

/**
 * Choosing a category says that the mask is right: a suggestion counts as accepted from then on. What is drawn next stays
 * what it was.
 */
export function relabel(session: Session, category: number, instances: readonly Instance[] = targets(session)): void {
  session.view.set({ category: likelyCategory(session) });
  const edits = instances
    .filter((one) => one.category !== category || one.state !== "accepted")
    .map((before) => ({ before, after: { ...before, category, state: "accepted" as const } }));
  // In triage a category is a decision like any other, and moves on.
  if (session.view.get().triage) decide(session, () => session.commit("relabel", edits), instances);
  else session.commit("relabel", edits);
}

/** Makes crowds of the instances, or single objects where all of them are crowds; saying so accepts a suggestion. */
export function toggleCrowd(session: Session, instances: readonly Instance[] = targets(session)): void {
  const crowd = !instances.every(isCrowd);
  const edits = instances.map((before) => ({ before, after: { ...before, crowd, state: "accepted" as const } }));
  session.commit("edit", edits.filter(({ before, after }) => isCrowd(before) !== isCrowd(after)));
}

/** Turns triage on or off; it begins with the first suggestion of its order. */
export function setTriage(session: Session, on: boolean): void {
  session.view.set({ triage: on, tool: START_VIEW.tool, hover: null });
  if (!on) return;
  const { scene, selection } = session.view.get();
  const chosen = scene === null ? null : find(scene, selection.at(-1) ?? null);
  if (chosen?.state !== "suggested") beginTriage(session);
}

/** Selects the first suggestion to decide on, or nothing where all is decided. */
export function beginTriage(session: Session): void {
  const first = ordered(session).find((one) => one.state === "suggested");
  session.select(first === undefined ? [] : [first.key]);
}

/** In triage: the next suggestion comes up, and this one again when the others are decided. False elsewhere. */
export function putAside(session: Session): boolean {
  const { scene, selection, triage, aside } = session.view.get();
  const one = scene === null || selection.length !== 1 ? null : find(scene, selection[0]);
  const next = triage && one?.state === "suggested" ? neighbour(session, 1) : null;
  if (one === null || next?.state !== "suggested" || next.key === one.key) return false;
  session.view.set({ aside: [...aside.filter((key) => key !== one.key), one.key], selection: [next.key] });
  return true;
}

/** After a decision about the one selected suggestion the next one is selected: a key a decision. */
function decide(session: Session, commit: () => void, instances: readonly Instance[]): void {
  // What is locked is not decided about, so nothing moves on.
  if (instances.length > 0 && instances.every(isLocked)) return;
  const { selection } = session.view.get();
  const moves = instances.length === 1 && selection.length === 1 && instances[0].key === selection[0];
  // In triage what was adjusted counts as accepted already: the key then only moves on.
  const triage = moves && (instances[0].state === "suggested" || session.view.get().triage);
  const next = triage ? neighbour(session, 1) : null;
  commit();
  if (!triage) return;
  const goesOn = next !== null && next.state === "suggested" && next.key !== instances[0].key;
  session.select(goesOn ? [next.key] : []);
}

export function step(session: Session, direction: 1 | -1): void {
  const next = neighbour(session, direction);
  if (next !== null) session.select([next.key]);
}

/** The next suggestion in the list's order, round and round; where none is left to decide, the next instance. */
function neighbour(session: Session, direction: 1 | -1): Instance | null {
  const all = ordered(session);
  const { selection } = session.view.get();
  const from = all.findIndex((one) => one.key === selection.at(-1));
  const start = from < 0 && direction < 0 ? 0 : from;
  const circle = all.map((_, index) => all[(((start + direction * (index + 1)) % all.length) + all.length) % all.length]);
  return circle.find((one) => one.state === "suggested" && one.key !== selection.at(-1)) ?? circle[0] ?? null;
}

/** Visible instances that pass the list's filter, in its order. */
export function ordered(session: Session): Instance[] {
  const view = session.view.get();
  const { sort, filter, triage, categories, aside, hidden } = view;
  const visible = session.visible();
  const clashing = filter.mark === "clash" && view.scene !== null ? clashesOf(visible, view.scene.width) : null;
  const listed = visible.filter((one) => {
    if ((filter.state ?? one.state) !== one.state || (filter.category ?? one.category) !== one.category) return false;
    if (filter.mark && !(clashing?.has(one.key) ?? hasMark(one, filter.mark, hidden))) return false;
    return filter.size === null || filter.size === sizeOf(outlineOf(one.mask).area);
  });
  const names = new Map(categories.map((category) => [category.id, category.name]));
  listed.sort(comparison(triage ? "doubt" : sort, view, names));
  if (!triage || aside.length === 0) return listed;
  // After all that is to be decided first, before what is decided.
  const rank = ({ key, state }: Instance): number => (state !== "suggested" ? aside.length : aside.indexOf(key));
  return listed.sort((a, b) => rank(a) - rank(b));
}

/** As COCO counts them in its evaluation. */
export function sizeOf(area: number): Size {
  return area < 32 ** 2 ? "small" : area < 96 ** 2 ? "medium" : "large";
}

function comparison(
  sort: SortOrder,
  thresholds: Thresholds,
  names: ReadonlyMap<number, string>,
): (a: Instance, b: Instance) => number {
  const byScore = (a: Instance, b: Instance): number => (b.score ?? 2) - (a.score ?? 2);
  switch (sort) {
    case "score":
      return byScore;
    case "doubt":
      return (a, b) => doubt(a, thresholds) - doubt(b, thresholds);
    case "category":
      return (a, b) => (names.get(a.category) ?? "").localeCompare(names.get(b.category) ?? "") || byScore(a, b);
    case "state":
      return (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || byScore(a, b);
    case "area":
      return (a, b) => outlineOf(b.mask).area - outlineOf(a.mask).area;
    default:
      return unreachable(sort);
  }
}

/** What networks disagree about comes first, then the nearest to the threshold; what is decided comes last. */
function doubt({ state, score, category, vote }: Instance, thresholds: Thresholds): number {
  if (state !== "suggested") return 4;
  return Math.abs((score ?? 1) - thresholdOf(category, thresholds)) + (vote === undefined ? 0 : AHEAD[vote.agreement]);
}

const AHEAD: Readonly<Record<Agreement, number>> = { conflict: -2, one: -1, silent: 0, both: 1 };

/** The category that a new instance gets without asking: the last one chosen, or what its picture mostly holds. */
export function likelyCategory(session: Session, instances: readonly Instance[] = session.view.get().scene?.instances ?? []): number | null {
  const { category, categories } = session.view.get();
  if (category !== null && categories.some((one) => one.id === category)) return category;
  const counts = new Map<number, number>();
  for (const one of instances) counts.set(one.category, (counts.get(one.category) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most?.[0] ?? (categories.length === 1 ? categories[0].id : null);
}
