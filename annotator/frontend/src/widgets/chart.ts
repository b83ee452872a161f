/** What a chart shows, whoever draws it. */

export interface Axis {
  readonly label?: string;
  readonly from: number;
  readonly to: number;
  /** How its numbers are written. */
  readonly written: (value: number) => string;
}

export interface Curve {
  /** Names its colour: `an-curve-…`. */
  readonly kind: string;
  /** At equal steps along the x axis; null: nothing there. */
  readonly values: readonly (number | null)[];
  /** The interval around it. */
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
}

/** A point with its interval. */
export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly height: number;
}

export interface Chart {
  /** For those who do not see it: what it shows. */
  readonly label: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly curves?: readonly Curve[];
  /** Upright lines. */
  readonly uprights?: readonly { readonly at: number; readonly kind: string }[];
  /** Over the diagonal on which they would lie at best. */
  readonly dots?: readonly Dot[];
  readonly bars?: readonly Bar[];
  /** What is said at a place where the pointer comes near. */
  readonly hints: () => readonly Hint[];
}

export interface Hint {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}
