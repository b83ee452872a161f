/**
 * Point at an object: a click on what belongs to it, a right or Alt click on what does not, a box around it. With nothing
 * selected it becomes a new instance; the mask of a selected one is repaired.
 */
import type { Camera } from "../canvas/camera";
import { toView } from "../canvas/camera";
import type { Layer } from "../canvas/layer";
import { paintOutline } from "../canvas/marks";
import { paintPreview, paintPrompt } from "../canvas/prompts";
import { paintLabel } from "../canvas/render";
import { categoriesByDigit } from "../document/digits";
import type { Box } from "../document/geometry";
import { boxOfPoints } from "../document/geometry";
import { outlineOf } from "../document/outline";
import type { Prompting } from "../editing/prompting";
import type { View } from "../session/view";
import { selectedInstance } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import type { Pointer, Tool, ToolCommand, ToolHost } from "./tool";
import { CLICK_SLACK, farFrom, pointInPicture } from "./tool";

/** A click so far beside the picture, in CSS pixels, is meant for its border. */
const BESIDE = 8;

export function pointHint(view: View): StringKey {
  if (view.prompts === "none") return "hintPointNone";
  if (view.prompts === "preparing") return "hintPointSoon";
  return selectedInstance(view) === null ? "hintPoint" : "hintPointRepair";
}

export function pointTouchHint(view: View): StringKey {
  const hint = pointHint(view);
  if (view.draft !== null) return "hintPointedTouch";
  return hint === "hintPoint" ? "hintPointTouch" : hint === "hintPointRepair" ? "hintPointRepairTouch" : hint;
}

export class PointTool implements Tool {
  readonly adds = true;
  readonly takesRightClicks = true;
  readonly takesBoxes = true;
  private press: { readonly from: Pointer; to: Pointer; belongs: boolean } | null = null;

  constructor(
    private readonly host: ToolHost,
    private readonly prompting: Prompting,
  ) {
    prompting.onChange = prompting.preview.onChange = () => host.redraw();
  }

  begin(): void {
    this.prompting.readiness.begin();
  }

  hover(pointer: Pointer): void {
    this.host.setCursor("crosshair");
    const at = pointInPicture(this.host.session, pointer);
    if (this.prompting.object === null && !farFrom(at, pointer.image, 0)) this.prompting.preview.move(at);
    else this.prompting.preview.clear();
  }

  leave(): void {
    this.prompting.preview.clear();
  }

  down(pointer: Pointer): void {
    this.prompting.preview.clear();
    this.press = { from: pointer, to: pointer, belongs: this.host.session.view.get().pointsBelong !== pointer.alt };
    this.host.redraw();
  }

  drag(pointer: Pointer): void {
    if (this.press === null) return;
    this.press.to = pointer;
    this.host.redraw();
  }

  /** A finger that rests is a right click. */
  hold(): void {
    if (this.press !== null) this.press.belongs = !this.host.session.view.get().pointsBelong;
    this.host.redraw();
  }

  up(pointer: Pointer): void {
    const { press } = this;
    this.press = null;
    this.host.redraw();
    if (press === null) return;
    if (press.belongs && farFrom(press.from.view, pointer.view, CLICK_SLACK)) return this.box(this.boxOf(press.from, pointer));
    if (this.prompting.readiness.isWithoutNetwork) return this.host.notice(t("pointNone"));
    const at = pointInPicture(this.host.session, press.from);
    if (farFrom(at, press.from.image, BESIDE / this.host.camera().scale)) return this.host.notice(t("pointOutside"));
    this.prompting.point(at, press.belongs);
  }

  cancel(): boolean {
    const pressed = this.press !== null;
    this.lose();
    return this.prompting.drop() || pressed;
  }

  lose(): void {
    this.press = null;
    this.prompting.preview.clear();
    this.host.redraw();
  }

  command(id: ToolCommand): boolean {
    if (id === "acceptAll") return this.prompting.keep();
    if (id === "undo") return this.prompting.undo();
    return id === "deleteVertex" && this.prompting.takeBack();
  }

  keep(): void {
    this.prompting.keep();
  }

  /** A digit chooses the category of what is pointed at, and of what comes next. */
  key(chord: string): boolean {
    const { view } = this.host.session;
    const category = /^[1-9]$/.test(chord) ? categoriesByDigit(view.get().categories).get(Number(chord)) : undefined;
    const selected = this.prompting.object === null && view.get().selection.length > 0;
    if (category === undefined || selected) return false;
    this.prompting.choose(category.id);
    this.host.say(category.name);
    this.host.redraw();
    return true;
  }

  paint(layer: Layer, camera: Camera): void {
    const { press } = this;
    const { object } = this.prompting;
    if (object !== null) {
      paintPrompt(layer, camera, object, { waits: object.waits });
      const mask = object.found?.mask;
      if (mask !== undefined) paintLabel(layer, camera, outlineOf(mask).box, this.labelOf(object.category, object.points.length), "#fff");
    } else {
      if (this.prompting.preview.mask !== null) paintPreview(layer, camera, outlineOf(this.prompting.preview.mask).parts);
      const earlier = selectedInstance(this.host.session.view.get())?.prompt;
      if (earlier !== undefined) paintPrompt(layer, camera, earlier, { faint: true });
    }
    if (press === null) return;
    if (press.belongs && farFrom(press.from.view, press.to.view, CLICK_SLACK)) {
      const { x0, y0, x1, y1 } = this.boxOf(press.from, press.to);
      const [left, top] = toView(camera, [x0, y0]);
      const [right, bottom] = toView(camera, [x1, y1]);
      const frame = new Path2D();
      frame.rect(left, top, right - left, bottom - top);
      paintOutline(layer.inView(), frame);
    } else {
      const [x, y] = pointInPicture(this.host.session, press.from);
      paintPrompt(layer, camera, { points: [[x, y, press.belongs ? 1 : 0]], box: null });
    }
  }

  private labelOf(category: number | null, n: number): string {
    const name = this.host.session.view.get().categories.find(({ id }) => id === category)?.name;
    const said = n === 0 ? t("byBox") : t("pointCount", { n });
    return name === undefined ? said : `${name} · ${said}`;
  }

  private boxOf(from: Pointer, to: Pointer): Box {
    return boxOfPoints(pointInPicture(this.host.session, from), pointInPicture(this.host.session, to));
  }

  /** Where no network answers clicks, another way to the mask inside a box is left. */
  private box(box: Box): void {
    const { session } = this.host;
    if (box.x1 - box.x0 < 1 || box.y1 - box.y0 < 1) return this.host.notice(t("pointFlatBox"));
    if (!this.prompting.readiness.isWithoutNetwork) return this.prompting.boxed(box);
    const selected = selectedInstance(session.view.get());
    if (selected === null) this.host.addFromBox(box);
    else this.host.findAgain(selected, box);
  }
}
