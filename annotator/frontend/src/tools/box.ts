/**
 * Draw a box from corner to corner: the mask inside it is found, or with Alt it stays a rectangle. The selected instance
 * shows its own box: dragged by a handle, its mask is found again inside.
 */
import type { Camera } from "../canvas/camera";
import { toView } from "../canvas/camera";
import { paintHandles } from "../canvas/grips";
import type { Layer } from "../canvas/layer";
import { paintOutline } from "../canvas/marks";
import type { Box, Point } from "../document/geometry";
import { boxOfPoints, partsOfBox } from "../document/geometry";
import { outlineOf } from "../document/outline";
import type { Instance } from "../document/scene";
import { maskOfParts, unchanged } from "../document/scene";
import { selectedInstance } from "../session/view";
import type { Grip } from "./handles";
import { HANDLE_REACH, draggedBox, gripAt, handleCursor } from "./handles";
import type { Pointer, Tool, ToolHost } from "./tool";
import { CLICK_SLACK, farFrom, pointInPicture, reach } from "./tool";

/** A handle of the selected instance's box. */
interface Held {
  readonly grip: Grip;
  readonly box: Box;
  readonly instance: Instance;
}

/** From the press on, in image pixels; `held` where it was on a handle. */
interface Press {
  readonly from: Point;
  readonly held: Held | null;
  to: Point;
}

export class BoxTool implements Tool {
  private press: Press | null = null;

  constructor(private readonly host: ToolHost) {}

  begin(): void {
    this.host.prepareBox(null);
  }

  hover(pointer: Pointer): void {
    const held = this.heldAt(pointer);
    this.host.setCursor(held === null ? "crosshair" : handleCursor(held.grip.handle));
  }

  down(pointer: Pointer): void {
    const held = this.heldAt(pointer);
    const from = held === null ? pointInPicture(this.host.session, pointer) : pointer.image;
    this.press = { from, to: from, held };
  }

  drag(pointer: Pointer): void {
    if (this.press === null) return;
    this.press.to = pointer.image;
    const box = this.boxOf(this.press);
    if (!pointer.alt && Math.min(box.x1 - box.x0, box.y1 - box.y0) * this.host.camera().scale > CLICK_SLACK) this.host.prepareBox(box);
    this.host.redraw();
  }

  up(pointer: Pointer): void {
    const { press } = this;
    this.press = null;
    this.host.redraw();
    if (press === null || !farFrom(toView(this.host.camera(), press.from), pointer.view, CLICK_SLACK)) return;
    const box = this.boxOf({ ...press, to: pointer.image });
    if (box.x1 - box.x0 < 1 || box.y1 - box.y0 < 1) return;
    const { scene } = this.host.session.view.get();
    if (press.held !== null) {
      const instance = unchanged(scene, press.held.instance);
      if (instance !== null) this.host.findAgain(instance, box);
      return;
    }
    if (pointer.alt) this.host.addInstance(maskOfParts(partsOfBox(box), scene!.height));
    else this.host.addFromBox(box);
    this.host.putAway();
  }

  cancel(): boolean {
    const busy = this.press !== null;
    this.press = null;
    this.host.redraw();
    return busy;
  }

  paint(layer: Layer, camera: Camera): void {
    const { press } = this;
    if (press === null) {
      const selected = selectedInstance(this.host.session.view.get());
      if (selected !== null) paintHandles(layer, camera, outlineOf(selected.mask).box);
      return;
    }
    const box = this.boxOf(press);
    const [x0, y0] = toView(camera, [box.x0, box.y0]);
    const [x1, y1] = toView(camera, [box.x1, box.y1]);
    const frame = new Path2D();
    frame.rect(x0, y0, x1 - x0, y1 - y0);
    paintOutline(layer.inView(), frame);
  }

  private boxOf({ from, to, held }: Press): Box {
    if (held !== null) return draggedBox(held.box, held.grip, to, this.host.session.view.get().scene!);
    return boxOfPoints(from, pointInPicture(this.host.session, { image: to }));
  }

  private heldAt(pointer: Pointer): Held | null {
    const instance = selectedInstance(this.host.session.view.get());
    if (instance === null) return null;
    const { box } = outlineOf(instance.mask);
    const camera = this.host.camera();
    const grip = gripAt(box, pointer.image, reach(pointer, HANDLE_REACH, camera), camera.scale);
    return grip === null ? null : { grip, box, instance };
  }
}
