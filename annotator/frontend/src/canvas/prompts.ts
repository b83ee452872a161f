/** What was said of an object that somebody points at: a plus on what belongs to it, a minus on what does not, a box. */
import type { Part } from "../document/geometry";
import type { PromptBox, PromptPoint } from "../document/protocol";
import type { Camera } from "./camera";
import { toView } from "./camera";
import type { Layer } from "./layer";
import { paintDot, strokeTwoTone } from "./marks";

const RADIUS = 6.5;
const GREEN = "#15803d";
const RED = "#c81e3a";

/** faint: it was said earlier. waits: the last point has no answer yet. */
export function paintPrompt(
  layer: Layer,
  camera: Camera,
  { points, box }: { readonly points: readonly PromptPoint[]; readonly box: PromptBox | null },
  { faint = false, waits = false } = {},
): void {
  const context = layer.inView();
  context.globalAlpha = faint ? 0.55 : 1;
  if (box !== null) {
    const [[x0, y0], [x1, y1]] = [toView(camera, [box[0], box[1]]), toView(camera, [box[2], box[3]])];
    const frame = new Path2D();
    frame.rect(x0, y0, x1 - x0, y1 - y0);
    context.setLineDash([6, 4]);
    strokeTwoTone(context, frame, 1.5);
    context.setLineDash([]);
  }
  points.forEach(([x, y, belongs], index) => {
    const at = toView(camera, [x, y]);
    paintDot(context, at, RADIUS, belongs === 1 ? GREEN : RED, "#fff");
    const sign = new Path2D();
    sign.moveTo(at[0] - 3, at[1]);
    sign.lineTo(at[0] + 3, at[1]);
    if (belongs === 1) {
      sign.moveTo(at[0], at[1] - 3);
      sign.lineTo(at[0], at[1] + 3);
    }
    context.stroke(sign);
    if (waits && index === points.length - 1) {
      const ring = new Path2D();
      ring.arc(at[0], at[1], RADIUS + 4, 0, 2 * Math.PI);
      context.setLineDash([3, 3]);
      strokeTwoTone(context, ring, 1.5);
      context.setLineDash([]);
    }
  });
  context.globalAlpha = 1;
}

/** The mask that a click would give, faintly. */
export function paintPreview(layer: Layer, camera: Camera, parts: readonly Part[]): void {
  const context = layer.inImage(camera);
  const pixel = 1 / camera.scale;
  const path = new Path2D();
  for (const ring of parts.flat()) {
    ring.forEach(([x, y], index) => (index === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
    path.closePath();
  }
  context.globalAlpha = 0.2;
  context.fillStyle = "#fff";
  context.fill(path, "evenodd");
  context.globalAlpha = 0.9;
  context.setLineDash([4 * pixel, 4 * pixel]);
  for (const [color, width] of [["rgba(0, 0, 0, 0.6)", 3], ["#fff", 1.5]] as const) {
    context.strokeStyle = color;
    context.lineWidth = width * pixel;
    context.stroke(path);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}
