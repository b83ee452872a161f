/**
 * What a tool is: a small state machine between the pointer and the session.
 *
 * Mouse, finger, pen and the pointer moved by keys all reach the tool in hand as the same calls: `hover` while nothing
 * is pressed, then `down`, `drag` with each move, and `up`.
 *
 * - At `down` a tool keeps what it needs as it is at that moment, and computes every move from that: nothing drifts.
 * - While dragging it only shows: an instance's new shape by `session.showDraft`, its own lines in `paint`.
 * - At `up` it changes something, by one call that is one step of undo: `host.addInstance` or `session.commit`. By then
 *   a key or another person may have changed what was pressed: `unchanged` tells.
 * - `cancel` gives up what was begun and leaves nothing behind. It comes at any time: Esc, undo, another tool, another
 *   picture, a second finger.
 *
 * ellipse.ts is a short one to begin from.
 */
import type { Camera } from "../canvas/camera";
import type { Layer } from "../canvas/layer";
import type { Box, Point } from "../document/geometry";
import { clampPoint } from "../document/geometry";
import type { HitIndex } from "../document/hit";
import type { Instance, Mask } from "../document/scene";
import type { Session } from "../session/session";

export interface Pointer {
  /** In image pixels. */
  readonly image: Point;
  /** In CSS pixels of the view. */
  readonly view: Point;
  readonly shift: boolean;
  readonly alt: boolean;
  readonly ctrl: boolean;
  /** A finger covers more than a mouse pointer does. */
  readonly coarse: boolean;
}

export interface ToolHost {
  readonly session: Session;
  camera(): Camera;
  hits(): HitIndex;
  /** What is drawn below the threshold while a key is held. */
  peeked(): HitIndex;
  pan(dx: number, dy: number): void;
  /** Paints the active layer again at the next frame. */
  redraw(): void;
  setCursor(cursor: string): void;
  /** A new instance of the current category, asked for where none is known. */
  addInstance(mask: Mask): void;
  /** A new instance with the mask that the server finds inside the box. */
  addFromBox(box: Box): void;
  /** The mask of an instance found again inside another box. */
  findAgain(instance: Instance, box: Box): void;
  /** Computes ahead what the next box will need: any one, or the one that this is going to be. */
  prepareBox(box: Box | null): void;
  /** Puts the tool away: the next press selects. */
  putAway(): void;
  /** Moves the picture as little as needed to show a place of it. */
  showPoint(point: Point): void;
  /** Says something to people who do not see the picture. */
  say(text: string): void;
  /** Says something that everybody should see. */
  notice(text: string): void;
}

/** What a tool may make of a command before anybody else does. */
const TOOL_COMMANDS = ["undo", "acceptAll", "nextVertex", "previousVertex", "nextHandle", "addVertex", "deleteVertex"] as const;
export type ToolCommand = (typeof TOOL_COMMANDS)[number];

export interface Tool {
  /** It changes the selected instance by vertices and handles, and a long press asks what else can be done to it. */
  readonly edits?: true;
  /** It adds to what is selected: Esc lets go of that first, and the next stroke is a new instance. */
  readonly adds?: true;
  /** A press with the other button of the mouse is its too; it comes as one with Alt. */
  readonly takesRightClicks?: true;
  /** It draws points, and a drag is a box. */
  readonly takesBoxes?: true;
  /** The tool was taken up, or another picture has come while it is in hand. */
  begin?(): void;
  /** The pointer moves with no button down. */
  hover(pointer: Pointer): void;
  down(pointer: Pointer): void;
  drag(pointer: Pointer): void;
  up(pointer: Pointer): void;
  /** Gives up what was begun; true where there was something. */
  cancel(): boolean;
  /** The press ended without a release, by a second finger or a lost pointer: gives up what it did, else everything. */
  lose?(): void;
  /** A finger has rested for long where it pressed. */
  hold?(): void;
  /** Something else is about to be done: what was begun, and is whole, is kept. */
  keep?(): void;
  doubleClick?(pointer: Pointer): void;
  leave?(): void;
  /** Shift and the wheel. */
  wheel?(direction: 1 | -1): void;
  /** A command that a tool may use comes here first; true where it has used it. Without this, undo cancels. */
  command?(id: ToolCommand): boolean;
  /** Any other key, before it is looked up; true where the tool has used it. */
  key?(chord: string): boolean;
  /** A key was let go, or a command comes: what was done while a key was held is one gesture. */
  settle?(): void;
  paint?(layer: Layer, camera: Camera): void;
}

/** Offers a command to a tool; true where it has used it. */
export function offer(tool: Tool, id: string): boolean {
  if (!isToolCommand(id)) return false;
  return tool.command === undefined ? id === "undo" && tool.cancel() : tool.command(id);
}

function isToolCommand(id: string): id is ToolCommand {
  return TOOL_COMMANDS.some((one) => one === id);
}

/** How far a pointer may stray during a click, in CSS pixels. */
export const CLICK_SLACK = 4;

/** Where a pointer is in the picture, at its border where it is beyond. */
export function pointInPicture(session: Session, { image }: Pick<Pointer, "image">): Point {
  const { width, height } = session.view.get().scene!;
  return clampPoint(image, width, height);
}

export function reach(pointer: Pointer, pixels: number, camera: Camera): number {
  return (pointer.coarse ? pixels * 2 : pixels) / camera.scale;
}

export function farFrom(a: Point, b: Point, distance: number): boolean {
  return Math.hypot(a[0] - b[0], a[1] - b[1]) > distance;
}
