/** A host for one tool, over a session with one instance on a picture of 40 x 40 pixels, or of another width. */
import type { Camera } from "../../src/canvas/camera";
import type { Box, Part, Point } from "../../src/document/geometry";
import { HitIndex } from "../../src/document/hit";
import { windowOfParts } from "../../src/document/paint";
import { windowToRle } from "../../src/document/rle";
import type { Instance, Mask } from "../../src/document/scene";
import { find } from "../../src/document/scene";
import type { Session } from "../../src/session/session";
import { peekedInstances } from "../../src/session/view";
import type { Pointer, Tool, ToolHost } from "../../src/tools/tool";
import { start } from "../harness";
import { FakeServer, wireInstance } from "../server";

export class Host implements ToolHost {
  readonly added: (readonly Part[])[] = [];
  readonly boxes: Box[] = [];
  readonly panned: Point[] = [];
  put: "away" | null = null;
  view: Camera = { scale: 10, x: 0, y: 0 };
  constructor(readonly session: Session) {}
  camera = (): Camera => this.view;
  hits = (): HitIndex => new HitIndex(this.session.visible(), 40, 40);
  peeked = (): HitIndex => new HitIndex(peekedInstances(this.session.view.get()), 40, 40);
  pan = (dx: number, dy: number): void => void this.panned.push([dx, dy]);
  redraw = (): void => {};
  setCursor = (): void => {};
  addInstance = (mask: Mask): void => void this.added.push(mask.parts!);
  addFromBox = (box: Box): void => void this.boxes.push(box);
  readonly again: [string, Box][] = [];
  findAgain = ({ key }: Instance, box: Box): void => void this.again.push([key, box]);
  prepareBox = (): void => {};
  putAway = (): void => void (this.put = "away");
  showPoint = (): void => {};
  said: string[] = [];
  say = (text: string): void => void this.said.push(text);
  readonly noticed: string[] = [];
  notice = (text: string): void => void this.noticed.push(text);
}

export const SQUARE: readonly Part[] = [[[[10, 10], [20, 10], [20, 20], [10, 20]]]];

export async function hosted(parts: readonly Part[] | null = SQUARE, width = 40) {
  const server = new FakeServer([0], width);
  const one = wireInstance("one", 0, { parts, rle: parts === null ? wireInstance("", 2).rle : windowToRle(windowOfParts(parts), width, 40) });
  server.images.get(1)!.instances.set("one", one);
  const { session, outbox } = start(server);
  await session.open(1);
  return { host: new Host(session), session, server, outbox };
}

/** A pointer at image pixels; the camera shows ten CSS pixels for one. */
export function at(x: number, y: number, more: Partial<Pointer> = {}): Pointer {
  return { image: [x, y], view: [x * 10, y * 10], shift: false, alt: false, ctrl: false, coarse: false, ...more };
}

export function drag(tool: Tool, ...places: readonly Pointer[]): void {
  tool.hover(places[0]);
  tool.down(places[0]);
  for (const place of places.slice(1)) tool.drag(place);
  tool.up(places.at(-1)!);
}

export const click = (tool: Tool, place: Pointer): void => drag(tool, place);
export const shapeOf = (session: Session): readonly Part[] => find(session.view.get().scene!, "one")!.mask.parts!;
