/** Mouse, pen and fingers over the picture: they become gestures of the current tool, pans and zooms. */
import { toImage } from "../canvas/camera";
import { setClass } from "../widgets/dom";
import type { Point } from "../document/geometry";
import type { Stage } from "./stage";
import type { Pointer } from "../tools/tool";
import { farFrom } from "../tools/tool";

/** A finger that rests for so long, within so many CSS pixels, asks what can be done there. */
const LONG_PRESS_MS = 500;
const LONG_PRESS_SLACK = 9;

export class Pointers {
  private asked = false;
  private resting: { readonly timer: number; readonly from: Point } | null = null;
  private readonly touches = new Map<number, Point>();
  private panning: { id: number; last: Point } | null = null;
  private pressed: number | null = null;
  /** What kind of pointer presses or pans at present: "mouse", "pen" or "touch". */
  private kind = "";
  private spaceHeld = false;

  constructor(private readonly stage: Stage) {
    this.listen();
  }

  /** Whether the next or the current drag moves the picture. */
  pans(): boolean {
    return this.panning !== null || this.spaceHeld;
  }

  private listen(): void {
    const { element } = this.stage;
    element.addEventListener("pointerdown", (event) => this.onDown(event));
    element.addEventListener("pointermove", (event) => this.onMove(event));
    element.addEventListener("pointerup", (event) => this.onUp(event));
    element.addEventListener("pointercancel", (event) => this.onCancel(event));
    element.addEventListener("lostpointercapture", (event) => this.onCancel(event));
    element.addEventListener("pointerleave", () => {
      this.stage.pointerAt = null;
      this.stage.tool().leave?.();
    });
    element.addEventListener("dblclick", (event) => {
      if (this.stage.session.view.get().scene !== null) this.stage.tool().doubleClick?.(this.pointer(event));
    });
    element.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    element.addEventListener("keyup", (event) => event.key === "Tab" && setClass(element, "is-tabbed", true));
    element.addEventListener("blur", () => setClass(element, "is-tabbed", false));
    element.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      // Of a finger, the long press has asked already; in the middle of a drag nothing is asked.
      const touch = event instanceof PointerEvent && event.pointerType === "touch";
      if (!touch && this.held() === null) this.ask(this.pointer(event), event);
    });
    // The click that follows a lifted finger would hit what the long press has opened under it.
    element.addEventListener("touchend", (event) => {
      if (this.asked) event.preventDefault();
      this.asked = false;
    });
    // A middle press would start the browser's own scrolling.
    element.addEventListener("mousedown", (event) => event.button === 1 && event.preventDefault());
  }

  private pointer(event: MouseEvent): Pointer {
    const frame = this.stage.element.getBoundingClientRect();
    const view: Point = [event.clientX - frame.left, event.clientY - frame.top];
    return {
      view,
      image: toImage(this.stage.camera(), view[0], view[1]),
      shift: event.shiftKey,
      alt: event.altKey,
      ctrl: event.ctrlKey || event.metaKey,
      coarse: event instanceof PointerEvent && event.pointerType === "touch",
    };
  }

  private onDown(event: PointerEvent): void {
    if (this.stage.session.view.get().scene === null || this.disturbs(event)) return;
    this.stage.element.focus({ preventScroll: true });
    this.stage.keyPointer.hide();
    this.kind = event.pointerType;
    const pointer = this.pointer(event);
    this.stage.element.setPointerCapture(event.pointerId);
    this.rest();
    if (event.pointerType !== "mouse") {
      const timer = window.setTimeout(() => this.longPressed(event, pointer), LONG_PRESS_MS);
      this.resting = { timer, from: pointer.view };
    }
    if (event.pointerType === "touch") {
      this.touches.set(event.pointerId, pointer.view);
      if (this.touches.size === 2) {
        this.rest();
        // The second finger turns whatever the first one began into a pinch.
        this.giveUp();
        return;
      }
    }
    if (event.button === 1 || (event.button === 0 && this.spaceHeld)) {
      this.panning = { id: event.pointerId, last: pointer.view };
      this.stage.element.style.cursor = "grabbing";
    } else if (event.button === 0 && this.touches.size < 2) {
      this.pressed = event.pointerId;
      this.stage.tool().down(pointer);
    }
  }

  /** The pointer that presses or pans; null where there is none. */
  private held(): number | null {
    return this.pressed ?? this.panning?.id ?? null;
  }

  /** One hand works at a time: a second finger joins the first one, and a pen wins over the palm beside it. */
  private disturbs({ pointerId, pointerType }: PointerEvent): boolean {
    const held = this.held();
    const joins = this.kind === "touch" && pointerType === "touch";
    const wins = pointerType === "pen" && (held === null || this.kind === "touch");
    // A pointer that presses again was let go where nobody saw it.
    if (held === pointerId || wins) this.giveUp();
    else return held !== null && !joins;
    if (wins) this.touches.clear();
    return false;
  }

  private giveUp(): void {
    this.rest();
    const tool = this.stage.tool();
    if (this.pressed !== null && tool.lose !== undefined) tool.lose();
    else if (this.pressed !== null) tool.cancel();
    this.pressed = this.panning = null;
  }

  private onMove(event: PointerEvent): void {
    if (this.stage.session.view.get().scene === null) return;
    const pointer = this.pointer(event);
    this.stage.keyPointer.hide();
    if (this.resting !== null && farFrom(pointer.view, this.resting.from, LONG_PRESS_SLACK)) this.rest();
    this.stage.pointerAt = pointer.view;
    if (this.touches.size >= 2) return this.pinch(event.pointerId, pointer.view);
    if (this.panning?.id === event.pointerId) {
      this.stage.pan(pointer.view[0] - this.panning.last[0], pointer.view[1] - this.panning.last[1]);
      this.panning.last = pointer.view;
    } else if (this.pressed === event.pointerId) {
      this.stage.tool().drag(pointer);
    } else if (this.pressed === null && this.panning === null) {
      this.stage.tool().hover(pointer);
    }
  }

  private onUp(event: PointerEvent): void {
    this.rest();
    this.touches.delete(event.pointerId);
    if (this.panning?.id === event.pointerId) {
      this.panning = null;
      this.stage.element.style.cursor = this.spaceHeld ? "grab" : "";
    } else if (this.pressed === event.pointerId) {
      this.pressed = null;
      if (this.stage.session.view.get().scene !== null) this.stage.tool().up(this.pointer(event));
    }
  }

  private onCancel(event: PointerEvent): void {
    this.rest();
    this.touches.delete(event.pointerId);
    if (this.held() === event.pointerId) this.giveUp();
  }

  /** No long press any more: the finger has moved, or gone. */
  private rest(): void {
    clearTimeout(this.resting?.timer);
    this.resting = null;
  }

  private longPressed(event: PointerEvent, pointer: Pointer): void {
    this.resting = null;
    if (this.pressed !== event.pointerId || this.stage.tool().id !== "select") return;
    this.giveUp();
    this.asked = event.pointerType === "touch";
    this.ask(pointer, event);
  }

  private ask(pointer: Pointer, { clientX, clientY }: MouseEvent): void {
    if (this.stage.session.view.get().scene !== null) this.stage.askAt(pointer, [clientX, clientY]);
  }

  private pinch(id: number, to: Point): void {
    const others = [...this.touches].filter(([touch]) => touch !== id);
    const from = this.touches.get(id);
    if (from === undefined) return;
    this.touches.set(id, to);
    if (others.length !== 1) return;
    const [anchor] = [others[0][1]];
    const spread = (a: Point): number => Math.max(1, Math.hypot(a[0] - anchor[0], a[1] - anchor[1]));
    const middle: Point = [(to[0] + anchor[0]) / 2, (to[1] + anchor[1]) / 2];
    this.stage.zoomBy(spread(to) / spread(from), middle);
    this.stage.pan((to[0] - from[0]) / 2, (to[1] - from[1]) / 2);
  }

  private onWheel(event: WheelEvent): void {
    event.preventDefault();
    const tool = this.stage.tool();
    if (event.shiftKey && tool.wheel !== undefined) return tool.wheel((event.deltaY || event.deltaX) < 0 ? 1 : -1);
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1);
    // A pinch on a trackpad arrives as a wheel with Ctrl, in much smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.0016;
    this.stage.zoomBy(Math.exp(-Math.max(-300, Math.min(300, pixels)) * speed), this.pointer(event).view);
  }

  /** Space turns the next drag into a pan. */
  holdSpace(held: boolean): void {
    if (this.spaceHeld === held) return;
    this.spaceHeld = held;
    this.stage.element.style.cursor = held ? "grab" : "";
  }
}
