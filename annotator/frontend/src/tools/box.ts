/** Draw a box from corner to corner: the mask inside it is found, or with Alt it stays a rectangle. */
import type { Camera } from "../camera";
import { toView } from "../camera";
import type { Point } from "../geometry";
import { boxOfPoints, clampPoint, partsOfBox } from "../geometry";
import type { Layer } from "../layer";
import { maskOfParts } from "../scene";
import type { Pointer, Tool, ToolHost } from "./tool";
import { CLICK_SLACK, farFrom } from "./tool";

export class BoxTool implements Tool {
  readonly id = "box";
  private from: Point | null = null;
  private to: Point | null = null;

  constructor(private readonly host: ToolHost) {}

  hover(): void {
    this.host.setCursor("crosshair");
  }

  down(pointer: Pointer): void {
    this.from = this.to = this.clamped(pointer);
  }

  drag(pointer: Pointer): void {
    if (this.from === null) return;
    this.to = this.clamped(pointer);
    this.host.redraw();
  }

  up(pointer: Pointer): void {
    const { from } = this;
    this.from = this.to = null;
    this.host.redraw();
    if (from === null || !farFrom(toView(this.host.camera(), from), pointer.view, CLICK_SLACK)) return;
    const box = boxOfPoints(from, this.clamped(pointer));
    if (box.x1 - box.x0 < 1 || box.y1 - box.y0 < 1) return;
    if (pointer.alt) this.host.addInstance(maskOfParts(partsOfBox(box), this.host.session.view.get().scene!.height));
    else this.host.addFromBox(box);
    this.host.setTool("select");
  }

  cancel(): boolean {
    const busy = this.from !== null;
    this.from = this.to = null;
    this.host.redraw();
    return busy;
  }

  paint(layer: Layer, camera: Camera): void {
    if (this.from === null || this.to === null) return;
    const [x0, y0] = toView(camera, this.from);
    const [x1, y1] = toView(camera, this.to);
    const context = layer.inView();
    context.fillStyle = "rgba(255, 255, 255, 0.15)";
    context.fillRect(x0, y0, x1 - x0, y1 - y0);
    for (const [color, width] of [["rgba(0, 0, 0, 0.6)", 4], ["#fff", 2]] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.strokeRect(x0, y0, x1 - x0, y1 - y0);
    }
  }

  private clamped(pointer: Pointer): Point {
    const { width, height } = this.host.session.view.get().scene!;
    return clampPoint(pointer.image, width, height);
  }
}
