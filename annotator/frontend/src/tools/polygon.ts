/** Draw a polygon: click point by point, or drag freehand. */
import type { Camera } from "../canvas/camera";
import { toView } from "../canvas/camera";
import type { Layer } from "../canvas/layer";
import { paintDot, paintOutline } from "../canvas/marks";
import type { Point } from "../document/geometry";
import { areaOfParts } from "../document/geometry";
import { maskOfParts } from "../document/scene";
import { simplifyRing } from "../document/simplify";
import { t } from "../strings";
import type { Pointer, Tool, ToolCommand, ToolHost } from "./tool";
import { CLICK_SLACK, farFrom, pointInPicture } from "./tool";

const CLOSE_REACH = 10;
/** Freehand points lie at least this far apart, in CSS pixels. */
const FREEHAND_STEP = 5;

export class PolygonTool implements Tool {
  private points: Point[] = [];
  /** How many there were before the press that is under way. */
  private settled = 0;
  private pointer: Point | null = null;
  private pressedAt: Point | null = null;
  private freehand = false;
  /** Freehand leaves more points than the outline needs; clicked ones all stay. */
  private drewFreehand = false;

  constructor(private readonly host: ToolHost) {}

  hover(pointer: Pointer): void {
    this.pointer = pointInPicture(this.host.session, pointer);
    this.host.setCursor("crosshair");
    this.host.redraw();
  }

  leave(): void {
    this.pointer = null;
    this.host.redraw();
  }

  down(pointer: Pointer): void {
    this.pressedAt = pointer.view;
    this.settled = this.points.length;
    if (this.closesAt(pointer)) return;
    this.points.push(pointInPicture(this.host.session, pointer));
    this.host.redraw();
  }

  drag(pointer: Pointer): void {
    this.pointer = pointInPicture(this.host.session, pointer);
    const last = this.points.at(-1);
    if (this.pressedAt === null || last === undefined) return;
    if (!this.freehand && !farFrom(pointer.view, this.pressedAt, CLICK_SLACK * 2)) return;
    this.freehand = this.drewFreehand = true;
    if (farFrom(pointer.view, toView(this.host.camera(), last), FREEHAND_STEP)) this.points.push(this.pointer);
    this.host.redraw();
  }

  up(pointer: Pointer): void {
    const wasClick = this.pressedAt !== null && !this.freehand;
    const wasFreehand = this.freehand;
    this.pressedAt = null;
    this.freehand = false;
    // A freehand stroke that returns to its start is a whole outline.
    if ((wasClick || wasFreehand) && this.points.length >= 3 && this.closesAt(pointer)) this.finish();
  }

  doubleClick(): void {
    // The second press of a double click has added the last point once more.
    if (this.points.length > 3) this.points.pop();
    this.finish();
  }

  cancel(): boolean {
    const busy = this.points.length > 0;
    this.points = [];
    this.pressedAt = null;
    this.freehand = this.drewFreehand = false;
    this.host.redraw();
    return busy;
  }

  lose(): void {
    this.points.length = Math.min(this.settled, this.points.length);
    this.pressedAt = null;
    this.freehand = false;
    this.host.redraw();
  }

  command(id: ToolCommand): boolean {
    if (this.points.length === 0) return false;
    if (id === "acceptAll") this.finish();
    else if (id === "deleteVertex" || id === "undo") this.points.pop();
    else return false;
    this.host.redraw();
    return true;
  }

  paint(layer: Layer, camera: Camera): void {
    if (this.points.length === 0) return;
    const context = layer.inView();
    const points = this.points.map((point) => toView(camera, point));
    const line = new Path2D();
    points.forEach(([x, y], index) => (index === 0 ? line.moveTo(x, y) : line.lineTo(x, y)));
    if (this.pointer !== null) line.lineTo(...toView(camera, this.pointer));
    paintOutline(context, line);
    points.slice(1).forEach((point) => paintDot(context, point, 3, "#fff", "#111"));
    paintDot(context, points[0], this.points.length >= 3 ? 6 : 4, "#fff", "#111");
  }

  private finish(): void {
    const ring = this.drewFreehand ? simplifyRing(this.points, 1 / this.host.camera().scale) : this.points;
    if (ring.length < 3 || areaOfParts([[ring]]) < 1) return this.host.notice(t("polygonShort"));
    this.points = [];
    this.drewFreehand = false;
    this.host.addInstance(maskOfParts([[ring]], this.host.session.view.get().scene!.height));
    this.host.putAway();
  }

  private closesAt(pointer: Pointer): boolean {
    if (this.points.length < 3) return false;
    return !farFrom(pointer.view, toView(this.host.camera(), this.points[0]), CLOSE_REACH);
  }
}
