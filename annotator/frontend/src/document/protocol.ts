/** The JSON that the editor and the server (annotator/web/routes.py) share. Names and units are theirs. */
import type { Part } from "./geometry";

export type State = "suggested" | "accepted" | "rejected" | "deleted";
export type Verb = "accept" | "reject" | "edit" | "add" | "delete" | "relabel" | "flag" | "note" | "review" | "undo" | "redo";

export interface WireCategory {
  readonly id: number;
  readonly name: string;
  readonly supercategory: string;
  /** "#rrggbb", where somebody chose one. */
  readonly color?: string | null;
  /** The key, 1 to 9, that gives it, where somebody chose one. */
  readonly digit?: number | null;
  /** The lowest score of its suggestions that are shown, where that is not the general one. */
  readonly threshold?: number | null;
  /** The ids of those that were merged into it, which what this tab remembers may still speak of. */
  readonly also?: readonly number[];
}

/** A category with how many instances it has, over all pictures. */
export interface WireCategoryUse extends WireCategory {
  readonly accepted: number;
  readonly suggested: number;
  readonly rejected: number;
}

export type CategoryVerb = "add" | "rename" | "supercategory" | "color" | "digit" | "threshold" | "order" | "merge" | "remove";

export interface WireCategoryChange {
  readonly id: number;
  readonly verb: CategoryVerb;
  /** "" where it was whoever asks. */
  readonly who: string;
  /** Of the categories that it is about, the first few; of a renamed one the old and the new name. */
  readonly names: readonly string[];
  readonly count: number;
}

/** All categories, and the changes of them that can be undone and done again. */
export interface WireCategories {
  readonly categories: readonly WireCategoryUse[];
  /** Another one as soon as somebody has changed a category. */
  readonly version: string;
  readonly undo: WireCategoryChange | null;
  readonly redo: WireCategoryChange | null;
  /** After a change: its id; null where nothing was another than before. */
  readonly change?: number | null;
  /** After a list was added: how many categories are new, and what the project has otherwise. */
  readonly added?: number;
  readonly notes?: readonly string[];
}

export interface WireInstance {
  readonly key: string;
  readonly category: number;
  readonly state: State;
  readonly score: number | null;
  /** manual, import or model@version. */
  readonly source: string;
  readonly edited: boolean;
  /** Whether it is a group annotated together (COCO's iscrowd). */
  readonly crowd?: boolean;
  /** What a person says of it: occluded, truncated, difficult, or words of their own, sorted. */
  readonly flags?: readonly string[];
  readonly note?: string;
  /** No tool and no key changes it. */
  readonly locked?: boolean;
  readonly prompt?: WirePrompt | null;
  readonly vote?: WireVote | null;
  /** COCO's compressed counts; the size is the picture's. */
  readonly rle: string;
  readonly parts: readonly Part[] | null;
}

/** Whether a second network sees the same; `silent`: it has no say. */
export const AGREEMENTS = ["both", "one", "conflict", "silent"] as const;
export type Agreement = (typeof AGREEMENTS)[number];

/** What a second network, `by`, says of an instance; of its own suggestion in the same place, where it has one. */
export interface WireVote {
  readonly agreement: Agreement;
  /** model@version */
  readonly by: string;
  readonly score: number | null;
  readonly iou: number | null;
  readonly category: number | null;
}

export interface WireDocument {
  readonly image: {
    readonly id: number;
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
    /** What a person wrote about the picture. */
    readonly note?: string;
  };
  readonly revision: number;
  readonly threshold: number;
  readonly categories: readonly WireCategory[];
  readonly category_version: string;
  readonly instances: readonly WireInstance[];
}

/** A soft mask: hundredths over a region of the picture. */
export interface WireHeatmap {
  /** In image pixels, possibly beyond the picture's borders. */
  readonly region: readonly [left: number, top: number, width: number, height: number];
  /** Samples a side. */
  readonly size: number;
  /** Packed by the server (annotator/core/heatmap.py), as base64. */
  readonly values: string;
  /** Counts of the mask at 0.5 where that is a model's own; null where it is computed. */
  readonly half: string | null;
}

/** In image pixels; 1 where it lies on the object, 0 where it lies on what is not the object. */
export type PromptPoint = readonly [x: number, y: number, belongs: 0 | 1];
export type PromptBox = readonly [x0: number, y0: number, x1: number, y1: number];

/** What was said to the network that made a mask; `by` is its name@hash. */
export interface WirePrompt {
  readonly by: string;
  readonly points: readonly PromptPoint[];
  readonly box: PromptBox | null;
}

export interface WireChange {
  readonly key: string;
  readonly category: number;
  readonly state: State;
  readonly rle?: string;
  readonly parts?: readonly Part[];
  /** Hundredths: `rle` is the instance's heatmap at this level. */
  readonly cut?: number;
  /** Whether it is a group annotated together; as it was where this is left out. */
  readonly crowd?: boolean;
  /** These three: as they were where they are left out. */
  readonly flags?: readonly string[];
  readonly note?: string;
  readonly locked?: boolean;
  /** As it was where it is left out; null: nothing was said. */
  readonly prompt?: WirePrompt | null;
  /** The heatmap of a new instance, or of what the prompt made. */
  readonly heatmap?: WireHeatmap;
}

/** What one gesture did; the saver adds client, number and revision. */
export interface GestureBody {
  readonly verb: Verb;
  readonly changes: readonly WireChange[];
  readonly reviewed?: boolean;
  /** The picture's note from then on. */
  readonly note?: string;
  readonly threshold?: number;
  readonly seconds?: number;
  /** What an outline was drawn or changed with, and the presses on the picture. */
  readonly tool?: string;
  readonly clicks?: number;
}

export interface WireGesture extends GestureBody {
  readonly client: string;
  readonly number: number;
  readonly revision: number;
}

export interface QueueImage {
  readonly id: number;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly thumbnail: string;
  readonly reviewed: boolean;
  readonly prelabelled: boolean;
  /** What networks found on it is not shown. */
  readonly blind?: boolean;
  readonly accepted: number;
  readonly suggested: number;
  readonly rejected: number;
  /** Of each suggestion, a character (see scores.ts). */
  readonly scores: string;
  readonly flags: readonly string[];
  /** Why it could not be pre-labelled the last time, "" where it could. */
  readonly failure: string;
  /** Why it comes here, in the order of what there is most to gain from. */
  readonly reasons?: GainReasons;
  /** Who holds it, "" for somebody who did not sign in; left out where nobody does. */
  readonly held?: string;
}

/** How many of its suggestions are of each kind (annotator/insight/gain.py). */
export interface GainReasons {
  readonly doubtful: number;
  readonly misses: number;
  readonly apart: number;
  readonly rare: number;
  /** It looks unlike all that were reviewed or come before it. */
  readonly unlike: boolean;
}

export interface WireJob {
  readonly done: number;
  readonly total: number;
  readonly running: boolean;
  readonly failures: readonly string[];
}

export type QueueSort = "added" | "name" | "doubt" | "count" | "changed" | "gain";

/** Which pictures are listed, and in what order. `query` is an expression (annotator/core/query.py). */
export interface QueueAsked {
  readonly query: string;
  readonly sort: QueueSort;
  readonly descending: boolean;
}

export interface QueueRequest {
  readonly asked: QueueAsked;
  /** The score from which on suggestions count. */
  readonly threshold: number;
  /** A picture that is listed although it does not fit. */
  readonly keep: number | null;
}

/** A stretch of the list. */
export interface WireQueue {
  /** Another one as soon as anything is stored. */
  readonly version: string;
  readonly total: number;
  readonly offset: number;
  /** Where the picture that was looked for stands; null where it is not in the list. */
  readonly place: number | null;
  readonly images: readonly QueueImage[];
  /** How many pictures there are, how many of them are reviewed, and how many lie in the bin. */
  readonly all: number;
  readonly reviewed: number;
  readonly bin: number;
  /** The order that was asked for is being worked out: the list comes in another one until then. */
  readonly ordering?: boolean;
  /** Whether pictures are handed out. */
  readonly handout?: boolean;
  /** Whether a reviewer accepts what is done. */
  readonly verdicts?: boolean;
  readonly job: WireJob | null;
}

/** The answer where the asker has that version already. */
export interface UnchangedQueue {
  readonly version: string;
  readonly job: WireJob | null;
  readonly images?: undefined;
}

/** Why an expression cannot be read: `found`, from character `at` on. `words` are those that would do. */
export interface QueueTrouble {
  readonly query: string;
  readonly at: number;
  readonly kind: string;
  readonly found: string;
  readonly words: readonly string[];
}

/** One instance of the gallery; `cutout` is the address of its picture. */
export interface WireCutout {
  readonly key: string;
  readonly image: number;
  readonly name: string;
  readonly state: Exclude<State, "deleted">;
  readonly score: number | null;
  readonly area: number;
  /** Of its picture's pixels. */
  readonly share: number;
  readonly box: readonly [x0: number, y0: number, x1: number, y1: number];
  readonly cutout: string;
  readonly vote?: WireVote | null;
}

/** The middle of a category's shares and aspects (height over width), and how far their logarithms lie from it. */
export interface Usual {
  readonly share: number;
  readonly aspect: number;
  readonly share_spread: number;
  readonly aspect_spread: number;
}

/** Which instances the gallery asks for. */
export type CutoutOrder = "doubt" | "odd" | "score" | "area" | "like";
export type CutoutState = "suggested" | "accepted" | "rejected";

export interface CutoutFilter {
  readonly category: number;
  readonly state: CutoutState;
  readonly order: CutoutOrder;
  readonly threshold: number;
  /** Only what has it. */
  readonly agreement?: Agreement | null;
  /** The key of the instance that an order by likeness begins with. */
  readonly like?: string;
}

export interface WireGallery {
  readonly total: number;
  /** Suggestions that the threshold leaves out. */
  readonly below: number;
  /** What continues the list; null at its end. */
  readonly after: string | null;
  /** How many there are of each category id. */
  readonly counts: readonly (readonly [category: number, count: number])[];
  readonly instances: readonly WireCutout[];
  /** Of the order that asks for the odd ones. */
  readonly usual: Usual | null;
}

/** What the decisions of a project add up to. */
export interface WireStatistics {
  readonly images: number;
  readonly reviewed: number;
  readonly categories: readonly {
    readonly id: number;
    readonly name: string;
    readonly accepted: number;
    readonly adjusted: number;
    readonly drawn: number;
    readonly imported: number;
    readonly rejected: number;
    /** From the threshold on; `below` are the other suggestions. */
    readonly open: number;
    readonly below: number;
  }[];
  readonly days: readonly { readonly day: string; readonly reviewed: number; readonly accepted: number; readonly rejected: number }[];
}

/** Who else has a picture open; `revision` is the picture's where there is anybody. */
export interface WirePresence {
  readonly others: readonly { readonly animal: string; readonly name: string }[];
  /** Null where nobody else is there, or the picture is gone. */
  readonly revision: number | null;
  readonly category_version: string;
  /** When to ask again, in seconds. */
  readonly next_s: number;
}

/** What the component's Gradio value says, as a JSON string. */
export interface PageValue {
  readonly project: string;
  readonly tick: number;
  /** With the first value: what addresses call the project, and people. */
  readonly id?: string;
  readonly name?: string;
  /** The page's address names a project that is not there, or is not theirs: this is another one. */
  readonly lost?: boolean;
}
