/** Mouse, pen and fingers over the picture: they become gestures of the current tool, pans and zooms. */
import type { Camera } from "../canvas/camera";
import { toImage } from "../canvas/camera";
import type { Point } from "../document/geometry";
import type { Session } from "../session/session";
import type { Pointer, Tool } from "../tools/tool";
import { farFrom } from "../tools/tool";
import { setClass } from "../widgets/dom";

/** A finger that rests for so long, within so many CSS pixels, asks what can be done there. */
const LONG_PRESS_MS = 500;
const LONG_PRESS_SLACK = 9;

export interface PointerHost {
  readonly element: HTMLElement;
  readonly session: Session;
  readonly keyPointer: { hide(): void };
  /** Where the pointer is, in CSS pixels of the view; null outside. */
  pointerAt: Point | null;
  tool(): Tool;
  camera(): Camera;
  pan(dx: number, dy: number): void;
  zoomBy(factor: number, at: Point): void;
  /** Asks what can be done to what lies under the pointer; `point` is on the page. */
  askAt(pointer: Pointer, point: Point): void;
}

export class Pointers {
  private asked = false;
  private resting: { readonly timer: number; readonly from: Point } | null = null;
  private readonly touches = new Map<number, Point>();
  private panning: { id: number; last: Point } | null = null;
  private pressed: number | null = null;
  /** What kind of pointer presses or pans at present: "mouse", "pen" or "touch". */
  private kind = "";
  private spaceHeld = false;

  constructor(private readonly host: PointerHost) {
    this.listen();
  }

  /** Whether the next or the current drag moves the picture. */
  pans(): boolean {
    return this.panning !== null || this.spaceHeld;
  }

  private listen(): void {
    const { element } = this.host;
    element.addEventListener("pointerdown", (event) => (this.host.session.effort.press(), this.onDown(event)));
    element.addEventListener("pointermove", (event) => this.onMove(event));
    element.addEventListener("pointerup", (event) => this.onUp(event));
    element.addEventListener("pointercancel", (event) => this.onCancel(event));
    element.addEventListener("lostpointercapture", (event) => this.onCancel(event));
    element.addEventListener("pointerleave", () => {
      this.host.pointerAt = null;
      this.host.tool().leave?.();
    });
    element.addEventListener("dblclick", (event) => {
      if (this.host.session.view.get().scene !== null) this.host.tool().doubleClick?.(this.pointer(event));
    });
    element.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    element.addEventListener("keyup", (event) => event.key === "Tab" && setClass(element, "is-tabbed", true));
    element.addEventListener("blur", () => setClass(element, "is-tabbed", false));
    element.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      if (this.host.tool().takesRightClicks === true) return;
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
    const frame = this.host.element.getBoundingClientRect();
    const view: Point = [event.clientX - frame.left, event.clientY - frame.top];
    return {
      view,
      image: toImage(this.host.camera(), view[0], view[1]),
      shift: event.shiftKey,
      alt: event.altKey,
      ctrl: event.ctrlKey || event.metaKey,
      coarse: event instanceof PointerEvent && event.pointerType === "touch",
    };
  }

  private onDown(event: PointerEvent): void {
    if (this.host.session.view.get().scene === null || this.disturbs(event)) return;
    this.host.element.focus({ preventScroll: true });
    this.host.keyPointer.hide();
    this.kind = event.pointerType;
    const pointer = this.pointer(event);
    this.host.element.setPointerCapture(event.pointerId);
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
      this.host.element.style.cursor = "grabbing";
    } else if ((event.button === 0 || this.isRightClick(event)) && this.touches.size < 2) {
      this.pressed = event.pointerId;
      this.host.tool().down(this.isRightClick(event) ? { ...pointer, alt: true } : pointer);
    }
  }

  /** On a Mac, a press with Ctrl is one with the other button. */
  private isRightClick({ button, ctrlKey }: MouseEvent): boolean {
    return this.host.tool().takesRightClicks === true && (button === 2 || (button === 0 && ctrlKey));
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
    const tool = this.host.tool();
    if (this.pressed !== null && tool.lose !== undefined) tool.lose();
    else if (this.pressed !== null) tool.cancel();
    this.pressed = this.panning = null;
  }

  private onMove(event: PointerEvent): void {
    if (this.host.session.view.get().scene === null) return;
    const pointer = this.pointer(event);
    this.host.keyPointer.hide();
    if (this.resting !== null && farFrom(pointer.view, this.resting.from, LONG_PRESS_SLACK)) this.rest();
    this.host.pointerAt = pointer.view;
    if (this.touches.size >= 2) return this.pinch(event.pointerId, pointer.view);
    if (this.panning?.id === event.pointerId) {
      this.host.pan(pointer.view[0] - this.panning.last[0], pointer.view[1] - this.panning.last[1]);
      this.panning.last = pointer.view;
    } else if (this.pressed === event.pointerId) {
      this.host.tool().drag(pointer);
    } else if (this.pressed === null && this.panning === null) {
      this.host.tool().hover(pointer);
    }
  }

  private onUp(event: PointerEvent): void {
    this.rest();
    this.touches.delete(event.pointerId);
    if (this.panning?.id === event.pointerId) {
      this.panning = null;
      this.host.element.style.cursor = this.spaceHeld ? "grab" : "";
    } else if (this.pressed === event.pointerId) {
      this.pressed = null;
      if (this.host.session.view.get().scene !== null) this.host.tool().up(this.pointer(event));
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
    if (this.pressed === event.pointerId) this.host.tool().hold?.();
    if (this.pressed !== event.pointerId || !this.host.tool().edits) return;
    this.giveUp();
    this.asked = event.pointerType === "touch";
    this.ask(pointer, event);
  }

  private ask(pointer: Pointer, { clientX, clientY }: MouseEvent): void {
    if (this.host.session.view.get().scene !== null) this.host.askAt(pointer, [clientX, clientY]);
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
    this.host.zoomBy(spread(to) / spread(from), middle);
    this.host.pan((to[0] - from[0]) / 2, (to[1] - from[1]) / 2);
  }

  private onWheel(event: WheelEvent): void {
    event.preventDefault();
    const tool = this.host.tool();
    if (event.shiftKey && tool.wheel !== undefined) return tool.wheel((event.deltaY || event.deltaX) < 0 ? 1 : -1);
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1);
    // A pinch on a trackpad arrives as a wheel with Ctrl, in much smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.0016;
    this.host.zoomBy(Math.exp(-Math.max(-300, Math.min(300, pixels)) * speed), this.pointer(event).view);
  }

  /** Space turns the next drag into a pan. */
  holdSpace(held: boolean): void {
    if (this.spaceHeld === held) return;
    this.spaceHeld = held;
    this.host.element.style.cursor = held ? "grab" : "";
  }
}
