/** Draw a line right through an instance: what it parts from the largest piece becomes an instance of its own. */
import type { Camera } from "../canvas/camera";
import { toView } from "../canvas/camera";
import type { Layer } from "../canvas/layer";
import type { Point } from "../document/geometry";
import { clampPoint } from "../document/geometry";
import type { Instance } from "../document/scene";
import { find, unchanged } from "../document/scene";
import { cutInTwo } from "../editing/shapes";
import { t } from "../strings";
import type { Pointer, Tool, ToolHost } from "./tool";
import { CLICK_SLACK, farFrom } from "./tool";

export class KnifeTool implements Tool {
  private line: Point[] = [];
  private pressedAt: Point = [0, 0];
  /** The selected instance, or else what can be hit, as it was at the press. */
  private before: readonly Instance[] = [];

  constructor(private readonly host: ToolHost) {}

  hover(): void {
    this.host.setCursor("crosshair");
  }

  down(pointer: Pointer): void {
    const { scene, selection } = this.host.session.view.get();
    const chosen = selection.flatMap((key) => find(scene!, key) ?? []);
    this.before = chosen.length > 0 ? chosen : this.host.session.visible();
    this.line = [this.clamped(pointer)];
    this.pressedAt = pointer.view;
  }

  drag(pointer: Pointer): void {
    if (this.line.length === 0) return;
    this.line.push(this.clamped(pointer));
    this.host.redraw();
  }

  up(pointer: Pointer): void {
    const { line, before } = this;
    const { session } = this.host;
    this.cancel();
    if (line.length === 0 || !farFrom(pointer.view, this.pressedAt, CLICK_SLACK)) return;
    line.push(this.clamped(pointer));
    const { scene } = session.view.get();
    const crossed = before.flatMap((one) => unchanged(scene, one) ?? []);
    if (cutInTwo(session, crossed, line)) this.host.putAway();
    else this.host.notice(t("knifeNothing"));
  }

  cancel(): boolean {
    const busy = this.line.length > 0;
    this.line = [];
    this.before = [];
    this.host.redraw();
    return busy;
  }

  paint(layer: Layer, camera: Camera): void {
    const context = layer.inView();
    const path = new Path2D();
    this.line.forEach((point) => path.lineTo(...toView(camera, point)));
    context.lineCap = context.lineJoin = "round";
    for (const [color, width] of [["rgba(0, 0, 0, 0.7)", 4], ["#fff", 2]] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.stroke(path);
    }
    context.lineCap = "butt";
  }

  private clamped(pointer: Pointer): Point {
    const { width, height } = this.host.session.view.get().scene!;
    return clampPoint(pointer.image, width, height);
  }
}
