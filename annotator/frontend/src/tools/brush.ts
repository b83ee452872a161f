/** Brush and eraser: a stroke is laid on the selected instance's mask, or taken off it. */
import type { Camera } from "../canvas/camera";
import { toView } from "../canvas/camera";
import type { Layer } from "../canvas/layer";
import { strokeTwoTone } from "../canvas/marks";
import type { Point } from "../document/geometry";
import { traceAhead } from "../document/outline";
import { runsOfMask } from "../document/paint";
import { areaOfRuns, encodeCounts } from "../document/rle";
import type { Instance } from "../document/scene";
import { maskOfRle, reshaped, unchanged } from "../document/scene";
import { Stroke } from "../document/strokes";
import type { Session } from "../session/session";
import { selectedInstance } from "../session/view";
import { t } from "../strings";
import type { Pointer, Tool, ToolHost } from "./tool";

/** Diameters, in CSS pixels: the brush is as large as it looks, however far the picture is zoomed. */
const SMALLEST = 1;
const LARGEST = 600;
const STEP = 1.2;

export function resizeBrush(session: Session, direction: 1 | -1): void {
  const { brushSize } = session.view.get();
  const next = direction > 0 ? Math.max(brushSize + 1, brushSize * STEP) : Math.min(brushSize - 1, brushSize / STEP);
  session.view.set({ brushSize: Math.round(Math.max(SMALLEST, Math.min(LARGEST, next))) });
}

export class BrushTool implements Tool {
  readonly adds = true;
  private points: Point[] = [];
  /** What the stroke is laid on, as it was at the press; null for a new instance. */
  private before: Instance | null = null;
  private erases = false;
  /** What the points cover; null between strokes. A zoom in the middle of one changes nothing that is laid on. */
  private stroke: Stroke | null = null;
  private pointer: Pointer | null = null;

  constructor(
    private readonly host: ToolHost,
    /** What it does without Alt. */
    private readonly does: "paints" | "erases",
  ) {}

  hover(pointer: Pointer): void {
    this.pointer = pointer;
    this.host.setCursor("none");
    this.host.redraw();
  }

  leave(): void {
    this.pointer = null;
    this.host.redraw();
  }

  down(pointer: Pointer): void {
    this.pointer = pointer;
    this.erases = (this.does === "erases") !== pointer.alt;
    const { view } = this.host.session;
    if (this.erases && view.get().hideAll) return this.host.notice(t("hiddenFirst"));
    if (this.erases && selectedInstance(view.get()) === null) this.selectUnder(pointer);
    const selected = selectedInstance(view.get());
    if (this.erases && selected === null) return;
    const { width, height } = view.get().scene!;
    this.stroke = new Stroke(this.radiusNow(), width, height);
    this.points = [];
    this.goOn(pointer);
    this.before = selected;
    this.host.redraw();
  }

  drag(pointer: Pointer): void {
    this.pointer = pointer;
    this.goOn(pointer);
    this.host.redraw();
  }

  private goOn({ image }: Pointer): void {
    if (this.stroke === null) return;
    this.points.push(image);
    this.stroke.add(image);
  }

  up(): void {
    const { stroke } = this;
    this.stroke = null;
    this.host.redraw();
    const { scene } = this.host.session.view.get();
    if (stroke === null || scene === null) return;
    const { width, height } = scene;
    const before = this.before === null ? null : unchanged(scene, this.before);
    // Undone, decided about or gone under the hand: there is nothing any more that the stroke was meant for.
    if (before === null && this.before !== null) return;
    const runs = stroke.laidOn(before === null ? [width * height] : runsOfMask(before.mask, width), this.erases ? "erases" : "paints");
    // What is erased altogether stays: deleting has a key of its own.
    if (areaOfRuns(runs) === 0) return;
    const mask = maskOfRle(encodeCounts(runs), height);
    traceAhead(mask);
    if (before === null) this.host.addInstance(mask);
    else if (mask.rle !== before.mask.rle) this.host.session.commit("edit", [{ before, after: reshaped(before, mask) }]);
  }

  cancel(): boolean {
    const busy = this.stroke !== null;
    this.stroke = null;
    this.host.redraw();
    return busy;
  }

  wheel(direction: 1 | -1): void {
    resizeBrush(this.host.session, direction);
    this.host.redraw();
  }

  paint(layer: Layer, camera: Camera): void {
    if (this.stroke !== null) this.paintStroke(layer, camera, this.stroke.radius);
    if (this.pointer === null) return;
    const [x, y] = toView(camera, this.pointer.image);
    const context = layer.inView();
    const radius = Math.max(1, this.radiusNow() * camera.scale);
    const ring = new Path2D();
    ring.arc(x, y, radius, 0, Math.PI * 2);
    if ((this.does === "erases") !== this.pointer.alt) {
      ring.moveTo(x - 4, y);
      ring.lineTo(x + 4, y);
    }
    strokeTwoTone(context, ring, 1.25);
  }

  /** An erasing stroke cuts the selected instance out of the active layer, where it is painted before. */
  private paintStroke(layer: Layer, camera: Camera, radius: number): void {
    const context = layer.inImage(camera);
    context.save();
    context.globalCompositeOperation = this.erases ? "destination-out" : "source-over";
    context.strokeStyle = this.erases ? "#000" : "rgba(255, 255, 255, 0.45)";
    context.lineWidth = 2 * radius;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    this.points.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    if (this.points.length === 1) context.lineTo(this.points[0][0] + 1e-3, this.points[0][1]);
    context.stroke();
    context.restore();
  }

  /** Of the stroke at hand, or of the next one, in image pixels. */
  private radiusNow(): number {
    return this.stroke?.radius ?? this.host.session.view.get().brushSize / 2 / this.host.camera().scale;
  }

  private selectUnder(pointer: Pointer): void {
    const [under] = this.host.hits().at(pointer.image[0], pointer.image[1], 0);
    if (under !== undefined) this.host.session.select([under.key]);
  }
}
