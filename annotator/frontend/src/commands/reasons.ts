/** Why a command has changed nothing: each key that finds nothing to do says what it needs. */
import type { Instance } from "../document/scene";
import { isLocked } from "../document/scene";
import { targets } from "../editing/review";
import { hasCopies } from "../editing/shapes";
import type { Session } from "../session/session";
import { selectedInstances } from "../session/view";
import type { StringKey } from "../strings";
import type { Tool } from "../tools/tool";
import type { CommandId } from "./keys";

/** What the command was about, when it found nothing to do. */
interface Circumstances {
  /** What is selected, or else what the pointer is on. */
  readonly chosen: readonly Instance[];
  /** How many are selected and seen. */
  readonly selected: number;
  readonly hideAll: boolean;
  /** Whether the picture waits for this person's verdict. */
  readonly waits: boolean;
  readonly tool: Tool;
}

type Reason = (now: Circumstances) => StringKey | null;

const needsSome = (otherwise: StringKey | null): Reason => ({ chosen }) => (chosen.length === 0 ? "selectFirst" : otherwise);

const needsOne = (otherwise: StringKey | null): Reason => ({ chosen }) => (chosen.length > 1 ? "selectOne" : chosen.length === 0 ? "selectFirst" : otherwise);

/** Of what works on the one selected instance, and only where it is seen. */
const needsOneSeen = (otherwise: Reason): Reason => (now) => {
  if (now.hideAll) return "hiddenFirst";
  return now.selected === 1 ? otherwise(now) : now.selected === 0 ? "selectFirst" : "selectOne";
};

const needsVertex = needsOneSeen(({ tool }) => (tool.edits === true ? "vertexFirst" : "selectToolFirst"));
const needsLevel = needsOneSeen(() => null);
const nudges = needsSome("outsidePicture");

/** Commands that are not here always change something, or are answered by what they open, move or ask. */
const REASONS: Partial<Record<CommandId, Reason>> = {
  accept: needsSome("acceptedAlready"),
  reject: needsSome("rejectedAlready"),
  adjust: needsSome(null),
  next: () => "noOther",
  previous: () => "noOther",
  lowerThreshold: () => "thresholdEnd",
  raiseThreshold: () => "thresholdEnd",
  acceptPicture: ({ waits }) => (waits ? null : "verdictNowhere"),
  sendBack: ({ waits }) => (waits ? null : "verdictNowhere"),
  notReviewed: () => "notReviewedAlready",
  peek: ({ hideAll }) => (hideAll ? "hiddenFirst" : "nothingBelow"),
  shrinkMask: needsLevel,
  growMask: needsLevel,
  copy: needsSome(null),
  paste: () => (hasCopies() ? "outsidePicture" : "nothingCopied"),
  crowd: needsSome(null),
  flags: needsSome(null),
  lock: needsSome(null),
  hideOne: needsSome(null),
  duplicate: needsSome("outsidePicture"),
  merge: () => "selectSeveral",
  separate: needsOne("onePiece"),
  fillHoles: needsSome("noHoles"),
  dropSpecks: needsSome("noSpecks"),
  makeHoles: needsSome("noInnerParts"),
  makeParts: needsSome("noHoles"),
  makeInstances: needsSome("noHoles"),
  simplify: needsOne(null),
  predict: needsSome(null),
  nudgeLeft: nudges,
  nudgeRight: nudges,
  nudgeUp: nudges,
  nudgeDown: nudges,
  nextVertex: needsVertex,
  previousVertex: needsVertex,
  nextHandle: needsVertex,
  addVertex: needsVertex,
  deleteVertex: needsVertex,
  isolate: () => "selectFirst",
};

/** What a lock keeps from happening, most often. */
const CHANGES: ReadonlySet<CommandId> = new Set([
  "accept", "reject", "crowd", "merge", "separate", "fillHoles", "dropSpecks", "makeHoles", "makeParts", "makeInstances",
  "nudgeLeft", "nudgeRight", "nudgeUp", "nudgeDown", "shrinkMask", "growMask", "nextVertex", "previousVertex", "nextHandle", "addVertex", "deleteVertex",
]);

/** Null where what happened is to be seen all the same, or is still on its way. */
export function reasonWhyNot(id: CommandId, session: Session, tool: Tool): StringKey | null {
  const view = session.view.get();
  const circumstances = { chosen: targets(session), selected: selectedInstances(view).length, hideAll: view.hideAll, waits: session.reviewing.waits(), tool };
  if (circumstances.chosen.some(isLocked) && CHANGES.has(id)) return "isLocked";
  return REASONS[id]?.(circumstances) ?? null;
}
