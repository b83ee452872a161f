/** A pointer moved by the arrow keys, for who draws without a mouse: a key presses it down and lets it go. */
import type { Camera, Size } from "../canvas/camera";
import { toImage, toView } from "../canvas/camera";
import type { Layer } from "../canvas/layer";
import { strokeTwoTone } from "../canvas/marks";
import type { Point } from "../document/geometry";
import { clampPoint } from "../document/geometry";
import type { ToolEntry } from "../tools/registry";
import type { Pointer, Tool } from "../tools/tool";
import { arrowStep } from "../tools/walk";

export interface KeyPointerHost {
  tool(): Tool;
  /** How the tool in hand draws by keys; null where the arrows mean something else. */
  draws(): ToolEntry["draws"];
  camera(): Camera;
  viewSize(): Size;
  pictureSize(): Size | null;
  showPoint(point: Point): void;
  redraw(): void;
}

export class KeyPointer {
  /** In image pixels; null while the keys are not used. */
  private at: Point | null = null;
  private pressed: Tool | null = null;

  constructor(private readonly host: KeyPointerHost) {}

  /** True where the key was used. */
  key(chord: string): boolean {
    const tool = this.host.tool();
    const picture = this.host.pictureSize();
    if (picture === null || this.host.draws() === null) return false;
    if (this.pressed !== null && this.pressed !== tool) this.pressed = null;
    const by = arrowStep(chord);
    if (by !== null) {
      // At least one pixel of the screen, so that it is seen to move.
      const step = Math.max(1, 1 / this.host.camera().scale);
      const [x, y] = this.at ?? this.middle();
      this.at = clampPoint([x + by[0] * step, y + by[1] * step], picture.width, picture.height);
      this.host.showPoint(this.at);
      if (this.pressed === null) tool.hover(this.pointer());
      else tool.drag(this.pointer());
      this.host.redraw();
      return true;
    }
    // As a press with Alt: with the tool that points, what does not belong to the object.
    const alt = chord === "Alt+Insert" && this.pressed === null && tool.takesRightClicks === true;
    const corner = chord === "Shift+Insert" && tool.takesBoxes === true;
    if (chord !== "Insert" && !alt && !corner && !(chord === "Enter" && this.pressed !== null)) return false;
    this.at ??= this.middle();
    if (this.pressed !== null) this.release(tool);
    else {
      tool.down({ ...this.pointer(), alt });
      if (this.host.draws() === "points" && !corner) tool.up({ ...this.pointer(), alt });
      else this.pressed = tool;
    }
    this.host.redraw();
    return true;
  }

  /** A real pointer has come, or the tool was given up. */
  hide(): void {
    if (this.at === null) return;
    if (this.pressed !== null) this.pressed.cancel();
    this.at = this.pressed = null;
    this.host.redraw();
  }

  paint(layer: Layer, camera: Camera): void {
    if (this.at === null || this.host.draws() === null) return;
    const [x, y] = toView(camera, this.at);
    const cross = new Path2D();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
      cross.moveTo(x + 4 * dx, y + 4 * dy);
      cross.lineTo(x + 13 * dx, y + 13 * dy);
    }
    strokeTwoTone(layer.inView(), cross, 1.5);
  }

  private release(tool: Tool): void {
    this.pressed = null;
    tool.up(this.pointer());
  }

  private middle(): Point {
    const { width, height } = this.host.viewSize();
    const picture = this.host.pictureSize()!;
    return clampPoint(toImage(this.host.camera(), width / 2, height / 2), picture.width, picture.height);
  }

  private pointer(): Pointer {
    const image = this.at!;
    return { image, view: toView(this.host.camera(), image), shift: false, alt: false, ctrl: false, coarse: false };
  }
}
