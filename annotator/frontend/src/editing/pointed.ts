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

  /** The mask that a step is about: what was found before it, or the one to repair. */
  earlier(step: Step): Mask | null {
    const before = this.steps.slice(0, this.steps.indexOf(step));
    return before.findLast(({ found }) => found !== null)?.found?.mask ?? this.before?.mask ?? null;
  }

  /** Takes a step back; false where it was taken back already. */
  takeBack(step: Step): boolean {
    const at = this.steps.indexOf(step);
    if (at >= 0) this.steps.splice(at, 1);
    return at >= 0;
  }
}
