/** Draw a line right through an instance: what it parts from the largest piece becomes an instance of its own. */
import type { Camera } from "../canvas/camera";
import { toView } from "../canvas/camera";
import type { Layer } from "../canvas/layer";
import { strokeTwoTone } from "../canvas/marks";
import type { Point } from "../document/geometry";
import type { Instance } from "../document/scene";
import { unchanged } from "../document/scene";
import { cutInTwo } from "../editing/shapes";
import { selectedInstances, shownInstances } from "../session/view";
import { t } from "../strings";
import type { Pointer, Tool, ToolHost } from "./tool";
import { CLICK_SLACK, farFrom, pointInPicture } from "./tool";

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
    const view = this.host.session.view.get();
    if (view.hideAll) return this.host.notice(t("hiddenFirst"));
    const chosen = selectedInstances(view);
    this.before = chosen.length > 0 ? chosen : shownInstances(view);
    this.line = [pointInPicture(this.host.session, pointer)];
    this.pressedAt = pointer.view;
  }

  drag(pointer: Pointer): void {
    if (this.line.length === 0) return;
    this.line.push(pointInPicture(this.host.session, pointer));
    this.host.redraw();
  }

  up(pointer: Pointer): void {
    const { line, before } = this;
    const { session } = this.host;
    this.cancel();
    if (line.length === 0 || !farFrom(pointer.view, this.pressedAt, CLICK_SLACK)) return;
    line.push(pointInPicture(this.host.session, pointer));
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
    strokeTwoTone(context, path);
    context.lineCap = "butt";
  }
}
