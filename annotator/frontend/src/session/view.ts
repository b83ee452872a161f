/** What is shown, as one value that the parts of the screen follow. */
import type { Part } from "../document/geometry";
import type { History } from "../document/history";
import { EMPTY_HISTORY } from "../document/history";
import type { WireCategory } from "../document/protocol";
import type { Instance, Scene } from "../document/scene";
import { find, isLocked, isVisible, passes } from "../document/scene";
import type { SaveStatus } from "../saving/pending";

export type SortOrder = "score" | "doubt" | "category" | "area" | "state";

/** Which instances the list has; null: of every kind. */
export interface ListFilter {
  readonly state: "suggested" | "accepted" | "rejected" | null;
  readonly category: number | null;
  readonly size: Size | null;
  /** A flag, one of MARKS, `agreement:` and what a second network says, or `network:` and the one that sees it. */
  readonly mark?: string | null;
}

/** What the list can be asked for beside flags. */
export const MARKS = ["crowd", "note", "locked", "hidden", "clash"] as const;

/** COCO's sizes: below 32 x 32 pixels, below 96 x 96, and above. */
export type Size = "small" | "medium" | "large";

export interface Display {
  /** How strongly masks are filled: 0 leaves their outlines, 1 is usual. */
  readonly fill: number;
  readonly brightness: number;
  readonly contrast: number;
  readonly colorBy: "category" | "instance" | "score";
  /** What the colours mean, over the picture. */
  readonly legend: boolean;
}

export const START_DISPLAY: Display = { fill: 1, brightness: 1, contrast: 1, colorBy: "instance", legend: false };

/** A shape on its way: of an instance that is being changed, or of a new one (key null). */
export interface Draft {
  readonly key: string | null;
  readonly parts: readonly Part[];
  /** What is to be said of it beside the shape. */
  readonly note?: string;
}

/** Who holds the open picture; until: in milliseconds since 1970, by this computer's clock. */
export interface Held {
  readonly imageId: number;
  readonly mine: boolean;
  /** "" for somebody who did not sign in. */
  readonly name: string;
  readonly until: number;
}

export interface View {
  readonly scene: Scene | null;
  /** The picture on its way, while `scene` still shows the one before. */
  readonly opening: number | null;
  readonly categories: readonly WireCategory[];
  readonly selection: readonly string[];
  readonly hover: string | null;
  readonly draft: Draft | null;
  /** The id of the tool in hand (tools/registry.ts, which lies above: here every string will do). */
  readonly tool: string;
  /** Whether the one selected instance has a heatmap; null: not known. */
  readonly hasHeatmap: boolean | null;
  /** Whether the network that answers clicks has looked at the open picture; "none": no such network is there. */
  readonly prompts: "unknown" | "preparing" | "ready" | "none";
  /** Whether the next point belongs to the object; the other button of the mouse says the opposite. */
  readonly pointsBelong: boolean;
  readonly threshold: number;
  readonly showRejected: boolean;
  /** While a key is held: suggestions below the threshold are drawn too, and can be clicked. */
  readonly peek: boolean;
  readonly showLabels: boolean;
  readonly hideAll: boolean;
  /** Keys of instances that are listed and not drawn. */
  readonly hidden: ReadonlySet<string>;
  /** Only the selected instances are drawn. */
  readonly isolate: boolean;
  readonly display: Display;
  readonly filter: ListFilter;
  readonly sort: SortOrder;
  /** One suggestion after the other, the most doubtful first, each as large as the view takes it. */
  readonly triage: boolean;
  /** Suggestions of the open picture that triage comes back to when the others are decided, in that order. */
  readonly aside: readonly string[];
  /** The cut-outs of one category over all pictures lie over the stage. */
  readonly gallery: boolean;
  /** Diameter of the brush, in CSS pixels. */
  readonly brushSize: number;
  /** What new instances are; null until it is known. */
  readonly category: number | null;
  /** Says whether the server has other categories by now. */
  readonly categoryVersion: string;
  readonly history: History;
  readonly status: SaveStatus;
  /** The picture whose gestures wait for the person's choice. */
  readonly conflict: number | null;
  /** Null where pictures are not handed out, and until it is known. */
  readonly lease: Held | null;
}

/** What is drawn over the picture. */
export function shownInstances(view: View): Instance[] {
  const { scene, hideAll, hidden } = view;
  if (scene === null || hideAll) return [];
  return scene.instances.filter((one) => isVisible(one, view) && !hidden.has(one.key));
}

/** Suggestions below the threshold, while they are peeked at. */
export function peekedInstances(view: View): Instance[] {
  const { scene, hideAll, peek } = view;
  if (scene === null || hideAll || !peek) return [];
  return scene.instances.filter((one) => one.state === "suggested" && !passes(one, view));
}

/** What is selected, drawn and not locked: tools change nothing that nobody sees. */
export function selectedInstances(view: View): Instance[] {
  if (view.selection.length === 0) return [];
  return shownInstances(view).filter((one) => view.selection.includes(one.key) && !isLocked(one));
}

/** The one that is selected, where it is only one, drawn and not locked. */
export function selectedInstance(view: View): Instance | null {
  const { scene, selection, hideAll } = view;
  const one = scene === null || hideAll || selection.length !== 1 ? null : find(scene, selection[0]);
  return one !== null && isVisible(one, view) && !view.hidden.has(one.key) && !isLocked(one) ? one : null;
}

export const START_VIEW: View = {
  scene: null,
  opening: null,
  categories: [],
  selection: [],
  hover: null,
  draft: null,
  tool: "select",
  hasHeatmap: null,
  prompts: "unknown",
  pointsBelong: true,
  threshold: 0.5,
  showRejected: false,
  peek: false,
  showLabels: false,
  hideAll: false,
  hidden: new Set(),
  isolate: false,
  display: START_DISPLAY,
  filter: { state: null, category: null, size: null },
  sort: "score",
  triage: false,
  aside: [],
  gallery: false,
  brushSize: 24,
  category: null,
  categoryVersion: "",
  history: EMPTY_HISTORY,
  status: { kind: "saved", unsaved: 0 },
  conflict: null,
  lease: null,
};
