/** One object that somebody points at: what they said of it step by step, and the mask that each step was answered. */
import type { PromptBox, PromptPoint } from "../document/protocol";
import type { Instance, Mask, Scene } from "../document/scene";

export interface Found {
  readonly mask: Mask;
  /** `name@hash` of the network. */
  readonly by: string;
}

export interface Step {
  readonly points: readonly PromptPoint[];
  readonly box: PromptBox | null;
  /** Null until it is answered. */
  found: Found | null;
  /** It takes back a point of an earlier day: the mask is found anew from what is left. */
  readonly isAnew?: true;
}

export class Pointed {
  readonly steps: Step[] = [];
  /** Questions of it are under way. */
  isAsked = false;
  /** It is kept as soon as its last step is answered. */
  isKept = false;
  /** It is given up: nothing is asked for it any more. */
  isDropped = false;

  constructor(
    readonly picture: Pick<Scene, "imageId" | "width" | "height">,
    /** The instance whose mask is repaired; null for a new one. */
    readonly before: Instance | null,
    /** Null: to be asked for. */
    public category: number | null,
  ) {}

  get last(): Step | undefined {
    return this.steps.at(-1);
  }

  /** All that was said, on the days before as well. */
  get points(): readonly PromptPoint[] {
    return this.last?.points ?? this.before?.prompt?.points ?? [];
  }

  get box(): PromptBox | null {
    return (this.last ?? this.before?.prompt)?.box ?? null;
  }

  /** The last mask that there is. */
  get found(): Found | null {
    return this.steps.findLast((step) => step.found !== null)?.found ?? null;
  }

  /** Whether its last step has no answer yet. */
  get waits(): boolean {
    return this.last !== undefined && this.last.found === null;
  }

  say(points: readonly PromptPoint[], box: PromptBox | null): void {
    this.steps.push({ points, box, found: null });
  }

  /** Whether its mask goes back to the one that it had, not to points alone. */
  get repairs(): boolean {
    return this.before !== null && this.steps.every(({ isAnew }) => isAnew !== true);
  }

  /** The mask that a step is about: what was found before it, or the one to repair. */
  earlier(step: Step): Mask | null {
    if (step.isAnew === true) return null;
    const before = this.steps.slice(0, this.steps.indexOf(step));
    const last = before.findLast(({ found, isAnew }) => found !== null || isAnew === true);
    return (last === undefined ? this.before?.mask : last.found?.mask) ?? null;
  }

  /** Whether the last point is one of an earlier day. */
  get endsEarlier(): boolean {
    return (this.last === undefined || this.last.isAnew === true) && this.points.length > 0;
  }

  /** Takes the last point of an earlier day back; false where a mask cannot be found from what is left. */
  takeEarlierBack(): boolean {
    const points = this.points.slice(0, -1);
    const { box } = this;
    if (box === null && !points.some(([, , belongs]) => belongs === 1)) return false;
    this.steps.push({ points, box, found: null, isAnew: true });
    return true;
  }

  /** Takes a step back; false where it was taken back already. */
  takeBack(step: Step): boolean {
    const at = this.steps.indexOf(step);
    if (at >= 0) this.steps.splice(at, 1);
    return at >= 0;
  }
}
