/** What tools draw over the picture: seen on light and on dark ground. */
import type { Point } from "../document/geometry";

/** A white line in a dark one; `width` in the context's own units. */
export function strokeTwoTone(context: CanvasRenderingContext2D, path: Path2D, width = 2): void {
  for (const [color, line] of [["rgba(0, 0, 0, 0.65)", width + 2], ["#fff", width]] as const) {
    context.strokeStyle = color;
    context.lineWidth = line;
    context.stroke(path);
  }
}

/** The outline of what is being drawn, faintly filled. */
export function paintOutline(context: CanvasRenderingContext2D, path: Path2D): void {
  context.fillStyle = "rgba(255, 255, 255, 0.15)";
  context.fill(path, "evenodd");
  strokeTwoTone(context, path);
}

export function paintDot(context: CanvasRenderingContext2D, at: Point, radius: number, fill: string, line: string): void {
  context.beginPath();
  context.arc(at[0], at[1], radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = line;
  context.stroke();
}
