/** The picture and its layers: pointers become gestures of the current tool, the wheel zooms, space pans. */
import type { Camera, Size } from "../canvas/camera";
import { PIXELATED_FROM, actualSize, cameraOn, clampCamera, fit, panned, toImage, toView, zoomAt } from "../canvas/camera";
import { whenDensityChanges } from "../canvas/layer";
import type { Pixels } from "../canvas/pixels";
import type { Appearance } from "../canvas/render";
import type { Box, Point } from "../document/geometry";
import { boxOfParts, unionOfBoxes } from "../document/geometry";
import { HitIndex } from "../document/hit";
import { outlineOf } from "../document/outline";
import type { Instance, Mask } from "../document/scene";
import type { Levels } from "../editing/levels";
import type { Prompting } from "../editing/prompting";
import type { Session } from "../session/session";
import type { Display, View } from "../session/view";
import { START_VIEW, peekedInstances, shownInstances } from "../session/view";
import { t } from "../strings";
import type { ToolEntry, Tools } from "../tools/registry";
import { makeTools, toolInHand } from "../tools/registry";
import type { Pointer, Tool, ToolHost } from "../tools/tool";
import { reach } from "../tools/tool";
import { h, setClass } from "../widgets/dom";
import type { Anchor } from "../widgets/popover";
import type { KeyPointerHost } from "./keypointer";
import { KeyPointer } from "./keypointer";
import type { Scenery } from "./painter";
import { Painter } from "./painter";
import { PictureLayer } from "./picturelayer";
import type { PointerHost } from "./pointers";
import { Pointers } from "./pointers";

const START: Camera = { scale: 1, x: 0, y: 0 };
const KEY_ZOOM = 1.25;
/** What the keys move stays this far from the border of the view, in CSS pixels. */
const EDGE = 24;
const ASK_REACH = 5;

export interface StageOptions {
  readonly session: Session;
  readonly appearance: Appearance;
  readonly pixels: Pixels;
  readonly levels: Levels;
  readonly prompting: Prompting;
  readonly addInstance: (mask: Mask) => void;
  readonly addFromBox: (box: Box) => void;
  readonly findAgain: (instance: Instance, box: Box) => void;
  readonly prepareBox: (box: Box | null) => void;
  readonly say: (text: string) => void;
  readonly notice: (text: string) => void;
  /** Shows what can be done to what is selected, at a place of the page. */
  readonly showMenu: (point: Point) => void;
  readonly onCamera: (camera: Camera, size: Size) => void;
}

export class Stage implements ToolHost, PointerHost, KeyPointerHost, Scenery {
  readonly element: HTMLElement;
  readonly session: Session;
  readonly appearance: Appearance;
  private readonly picture = h("img", { class: "an-picture", alt: "", draggable: "false", decoding: "async" });
  private readonly tools: Tools;
  private view: Camera = START;
  private size: Size = { width: 0, height: 0 };
  /** The camera is fitted again while nobody has moved it, so that a resized window shows the whole picture. */
  private fitted = true;
  private index: HitIndex | null = null;
  private peekIndex: HitIndex | null = null;
  private pictureFrame = 0;
  /** Where the pointer is, in CSS pixels of the view; null outside. */
  pointerAt: Point | null = null;
  private readonly pointers: Pointers;
  readonly keyPointer = new KeyPointer(this);
  private readonly painter: Painter;
  private readonly pictureLayer: PictureLayer;

  constructor(private readonly options: StageOptions) {
    this.session = options.session;
    this.appearance = options.appearance;
    this.painter = new Painter(this);
    this.pictureLayer = new PictureLayer(options.pixels);
    options.pixels.subscribe(() => this.paintPicture());
    this.element = h(
      "div",
      { class: "an-stage", tabindex: "0", role: "application", "aria-label": t("editor") },
      this.picture,
      this.pictureLayer.canvas,
      ...this.painter.canvases,
    );
    this.tools = makeTools(this, options.levels, options.prompting);
    this.session.view.subscribe((now, before) => this.follow(now, before));
    this.picture.addEventListener("error", () => this.session.pictureFailed());
    this.picture.addEventListener("load", () => setClass(this.picture, "is-ready", true));
    this.pointers = new Pointers(this);
    new ResizeObserver(() => this.resize()).observe(this.element);
    whenDensityChanges(() => this.resize());
  }

  // --- what tools ask for ---

  camera(): Camera {
    return this.view;
  }

  hits(): HitIndex {
    const view = this.session.view.get();
    this.index ??= new HitIndex(shownInstances(view), view.scene?.width ?? 1, view.scene?.height ?? 1);
    return this.index;
  }

  peeked(): HitIndex {
    const view = this.session.view.get();
    this.peekIndex ??= new HitIndex(peekedInstances(view), view.scene?.width ?? 1, view.scene?.height ?? 1);
    return this.peekIndex;
  }

  pan(dx: number, dy: number): void {
    this.moveTo(panned(this.view, dx, dy));
  }

  redraw(): void {
    this.painter.invalidate(false);
  }

  setCursor(cursor: string): void {
    if (!this.pointers.pans()) this.element.style.cursor = cursor;
  }

  addInstance(mask: Mask): void {
    this.options.addInstance(mask);
  }

  addFromBox(box: Box): void {
    this.options.addFromBox(box);
  }

  findAgain(instance: Instance, box: Box): void {
    this.options.findAgain(instance, box);
  }

  prepareBox(box: Box | null): void {
    this.options.prepareBox(box);
  }

  putAway(): void {
    this.session.view.set({ tool: START_VIEW.tool });
  }

  say(text: string): void {
    this.options.say(text);
  }

  notice(text: string): void {
    this.options.notice(text);
  }

  showPoint(point: Point): void {
    const [x, y] = toView(this.view, point);
    const beyond = (at: number, size: number): number => (at < EDGE ? EDGE - at : at > size - EDGE ? size - EDGE - at : 0);
    const [dx, dy] = [beyond(x, this.size.width), beyond(y, this.size.height)];
    if (dx !== 0 || dy !== 0) this.pan(dx, dy);
  }

  /** What lies under the pointer is selected, unless it is already, and asked about. */
  askAt(pointer: Pointer, point: Point): void {
    const { selection } = this.session.view.get();
    const under = this.hits().at(pointer.image[0], pointer.image[1], reach(pointer, ASK_REACH, this.view));
    if (under.length === 0) return;
    if (!under.some((one) => selection.includes(one.key))) this.session.select([under[0].key]);
    this.options.showMenu(point);
  }

  viewSize(): Size {
    return this.size;
  }

  pictureSize(): Size | null {
    return this.session.view.get().scene;
  }

  /** A key that the tool wants for itself. */
  key(chord: string): boolean {
    return this.tool().key?.(chord) === true;
  }

  /** The same for the pointer moved by keys: arrows, and Insert with or without Alt and Shift. */
  press(chord: string): boolean {
    return this.keyPointer.key(chord);
  }

  /** Where the mouse is, in image pixels; null where it is elsewhere. */
  pointUnderPointer(): Point | null {
    return this.pointerAt === null ? null : toImage(this.view, this.pointerAt[0], this.pointerAt[1]);
  }

  tool(): Tool {
    return this.tools[toolInHand(this.session.view.get()).id];
  }

  draws(): ToolEntry["draws"] {
    return toolInHand(this.session.view.get()).draws;
  }

  // --- the camera ---

  fitPicture(): void {
    const { scene } = this.session.view.get();
    if (scene === null || this.size.width === 0) return;
    this.moveTo(fit(scene, this.size));
    this.fitted = true;
  }

  showActualSize(): void {
    const { scene } = this.session.view.get();
    if (scene !== null) this.moveTo(actualSize(this.view, scene, this.size));
  }

  zoom(direction: 1 | -1): void {
    const center: Point = [this.size.width / 2, this.size.height / 2];
    this.zoomBy(direction > 0 ? KEY_ZOOM : 1 / KEY_ZOOM, this.pointerAt ?? center);
  }

  /** Brings instances to the middle, as large as leaves some surroundings to judge them by. */
  zoomTo(instances: readonly Instance[]): void {
    if (instances.length === 0) return;
    const box = unionOfBoxes(instances.map((instance) => outlineOf(instance.mask).box));
    const margin = Math.min(this.size.width, this.size.height) * 0.12;
    this.moveTo(cameraOn(box, this.size, margin, 16));
  }

  centerOn(point: Point): void {
    const [x, y] = toView(this.view, point);
    this.pan(this.size.width / 2 - x, this.size.height / 2 - y);
  }

  /** Where the page shows what is being made; null where nothing is. */
  get placeOfDraft(): Anchor | null {
    const { draft } = this.session.view.get();
    if (draft === null || draft.parts.length === 0) return null;
    const { x0, y0, x1, y1 } = boxOfParts(draft.parts);
    const [left, top] = toView(this.view, [x0, y0]);
    const frame = this.element.getBoundingClientRect();
    return { getBoundingClientRect: () => new DOMRect(frame.left + left, frame.top + top, (x1 - x0) * this.view.scale, (y1 - y0) * this.view.scale) };
  }

  /** Moves the picture only where the instance would not be seen. */
  reveal(instance: Instance): void {
    const { box } = outlineOf(instance.mask);
    const [x0, y0] = toView(this.view, [box.x0, box.y0]);
    const [x1, y1] = toView(this.view, [box.x1, box.y1]);
    if (x1 > 0 && y1 > 0 && x0 < this.size.width && y0 < this.size.height) return;
    this.pan(this.size.width / 2 - (x0 + x1) / 2, this.size.height / 2 - (y0 + y1) / 2);
  }

  zoomBy(factor: number, at: Point): void {
    const { scene } = this.session.view.get();
    if (scene !== null) this.moveTo(zoomAt(this.view, factor, at, scene, this.size));
  }

  private moveTo(camera: Camera): void {
    const { scene } = this.session.view.get();
    if (scene === null) return;
    this.view = clampCamera(camera, scene, this.size);
    this.fitted = false;
    this.placePicture();
    this.painter.followCamera();
    this.options.onCamera(this.view, this.size);
  }

  private placePicture(): void {
    const { scale, x, y } = this.view;
    this.picture.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    setClass(this.picture, "is-pixelated", scale >= PIXELATED_FROM);
    if (this.pictureFrame === 0) this.pictureFrame = requestAnimationFrame(() => this.paintPicture());
  }

  private paintPicture(): void {
    cancelAnimationFrame(this.pictureFrame);
    this.pictureFrame = 0;
    setClass(this.picture, "is-drawn", this.pictureLayer.paint(this.view, this.pictureSize()));
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0 || height === 0) return;
    this.size = { width, height };
    this.painter.resize(this.size);
    this.pictureLayer.resize(this.size);
    if (this.fitted) this.fitPicture();
    else this.moveTo(this.view);
    // A cleared canvas must not be seen: what a resize wipes is painted again before the next frame.
    this.painter.paint(true);
    this.paintPicture();
  }

  // --- following the session ---

  private follow(now: View, before: View): void {
    const opened = now.scene?.imageId !== before.scene?.imageId;
    if (opened) this.showPicture(now);
    if (now.tool !== before.tool) this.tools[toolInHand(before).id].cancel();
    if (now.scene !== null && (opened || now.tool !== before.tool)) this.tool().begin?.();
    const filters = ["scene", "threshold", "categories", "showRejected", "hideAll", "hidden", "peek"] as const;
    if (filters.some((name) => now[name] !== before[name])) this.index = this.peekIndex = null;
    if (now.display !== before.display) this.filterPicture(now.display);
    this.painter.follow(now, before);
  }

  private filterPicture(display: Display): void {
    this.picture.style.filter = this.pictureLayer.canvas.style.filter = filterOf(display);
  }

  private showPicture(view: View): void {
    Object.values(this.tools).forEach((tool) => tool.cancel());
    this.keyPointer.hide();
    setClass(this.picture, "is-ready", false);
    const { scene } = view;
    this.picture.hidden = scene === null;
    this.filterPicture(view.display);
    void this.options.pixels.take(scene?.url ?? null, scene ?? this.size);
    if (scene === null) return;
    this.picture.src = scene.url;
    this.picture.alt = t("picture", { name: scene.name });
    this.picture.style.width = `${scene.width}px`;
    this.picture.style.height = `${scene.height}px`;
    if (this.picture.complete) setClass(this.picture, "is-ready", true);
    this.fitPicture();
  }

  /** Space turns the next drag into a pan. */
  holdSpace(held: boolean): void {
    this.pointers.holdSpace(held);
  }
}

function filterOf({ brightness, contrast }: Display): string {
  return brightness === 1 && contrast === 1 ? "" : `brightness(${brightness}) contrast(${contrast})`;
}
