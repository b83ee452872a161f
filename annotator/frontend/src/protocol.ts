/** The JSON that the editor and the server (annotator/web/routes.py) share. Names and units are theirs. */
import type { Part } from "./geometry";

export type State = "suggested" | "accepted" | "rejected" | "deleted";
export type Verb = "accept" | "reject" | "edit" | "add" | "delete" | "relabel" | "review" | "undo" | "redo";

export interface WireCategory {
  readonly id: number;
  readonly name: string;
  readonly supercategory: string;
}

export interface WireInstance {
  readonly key: string;
  readonly category: number;
  readonly state: State;
  readonly score: number | null;
  /** manual, import or model@version. */
  readonly source: string;
  readonly edited: boolean;
  /** COCO's compressed counts; the size is the picture's. */
  readonly rle: string;
  readonly parts: readonly Part[] | null;
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
  };
  readonly revision: number;
  readonly threshold: number;
  readonly categories: readonly WireCategory[];
  readonly instances: readonly WireInstance[];
}

export interface WireChange {
  readonly key: string;
  readonly category: number;
  readonly state: State;
  readonly rle?: string;
  readonly parts?: readonly Part[];
}

/** What one gesture did; the saver adds client, number and revision. */
export interface GestureBody {
  readonly verb: Verb;
  readonly changes: readonly WireChange[];
  readonly reviewed?: boolean;
  readonly threshold?: number;
  readonly seconds?: number;
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
  readonly accepted: number;
  readonly suggested: number;
  readonly rejected: number;
}

export interface WireJob {
  readonly done: number;
  readonly total: number;
  readonly running: boolean;
  readonly failures: readonly string[];
}

export interface WireQueue {
  readonly images: readonly QueueImage[];
  readonly job: WireJob | null;
}

/** What the component's Gradio value says, as a JSON string. */
export interface PageValue {
  readonly project: string;
  readonly tick: number;
}
