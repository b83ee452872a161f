/** Draw an ellipse from corner to corner of the box around it; with Shift a circle. It becomes a polygon. */
import type { Camera } from "../canvas/camera";
import { toView } from "../canvas/camera";
import type { Layer } from "../canvas/layer";
import { paintOutline } from "../canvas/marks";
import type { Box, Point } from "../document/geometry";
import { boxOfPoints } from "../document/geometry";
import { areaOfWindow, windowOfParts } from "../document/paint";
import { maskOfParts } from "../document/scene";
import type { Pointer, Tool, ToolHost } from "./tool";
import { CLICK_SLACK, farFrom, pointInPicture } from "./tool";

/** In image pixels: how far the polygon's edges lie inside the ellipse at most. */
const TOLERANCE = 0.1;
const FEWEST_VERTICES = 24;

export class EllipseTool implements Tool {
  private from: Point | null = null;
  private box: Box | null = null;

  constructor(private readonly host: ToolHost) {}

  hover(): void {
    this.host.setCursor("crosshair");
  }

  down(pointer: Pointer): void {
    this.from = pointInPicture(this.host.session, pointer);
  }

  drag(pointer: Pointer): void {
    if (this.from === null) return;
    this.box = this.boxTo(this.from, pointer);
    this.host.redraw();
  }

  up(pointer: Pointer): void {
    const { from } = this;
    this.cancel();
    if (from === null || !farFrom(toView(this.host.camera(), from), pointer.view, CLICK_SLACK)) return;
    const parts = [[ringOfEllipse(this.boxTo(from, pointer))]];
    // A mask needs at least one pixel.
    if (areaOfWindow(windowOfParts(parts)) === 0) return;
    this.host.addInstance(maskOfParts(parts, this.host.session.view.get().scene!.height));
    this.host.putAway();
  }

  cancel(): boolean {
    const busy = this.from !== null;
    this.from = this.box = null;
    this.host.redraw();
    return busy;
  }

  paint(layer: Layer, camera: Camera): void {
    if (this.box === null) return;
    const path = new Path2D();
    for (const point of ringOfEllipse(this.box)) path.lineTo(...toView(camera, point));
    path.closePath();
    paintOutline(layer.inView(), path);
  }

  private boxTo(from: Point, pointer: Pointer): Box {
    const to = pointInPicture(this.host.session, pointer);
    if (!pointer.shift) return boxOfPoints(from, to);
    // A circle takes the longer side, as far as the picture goes.
    const { width, height } = this.host.session.view.get().scene!;
    const [right, down] = [to[0] >= from[0], to[1] >= from[1]];
    const longer = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]));
    const side = Math.min(longer, right ? width - from[0] : from[0], down ? height - from[1] : from[1]);
    return boxOfPoints(from, [from[0] + (right ? side : -side), from[1] + (down ? side : -side)]);
  }
}

/** The ellipse that fills a box, as a ring whose vertices lie on it; its edges are within TOLERANCE of it. */
export function ringOfEllipse({ x0, y0, x1, y1 }: Box): Point[] {
  const [rx, ry] = [(x1 - x0) / 2, (y1 - y0) / 2];
  // An edge over the angle a leaves a circle of radius r by r * (1 - cos(a / 2)) at most; an ellipse by no more.
  const half = Math.acos(1 - Math.min(1, TOLERANCE / Math.max(rx, ry, TOLERANCE)));
  // In fours, so that four of them lie on the box.
  const count = Math.max(FEWEST_VERTICES, 4 * Math.ceil(Math.PI / half / 4));
  return Array.from({ length: count }, (_, index): Point => {
    const angle = (2 * Math.PI * index) / count;
    return [x0 + rx * (1 + Math.cos(angle)), y0 + ry * (1 + Math.sin(angle))];
  });
}
