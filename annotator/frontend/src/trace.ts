/** A mask's outline along the pixels' edges: rings that decode to that very mask. */
import type { Part, Point, Ring } from "./geometry";
import { partContains, signedArea } from "./geometry";
import type { MaskWindow } from "./rle";

const STEP_X = [1, 0, -1, 0];
const STEP_Y = [0, 1, 0, -1];

/**
 * Parts in image pixels, each an outer ring with its holes. Every corner where the outline turns is a vertex.
 * Pixels that touch at a corner only belong to different parts, so that no outer ring crosses itself.
 */
export function traceWindow(window: MaskWindow): Part[] {
  const outers: Ring[] = [];
  const holes: Ring[] = [];
  for (const ring of traceRings(window)) (signedArea(ring) > 0 ? outers : holes).push(ring);
  const parts: Ring[][] = outers.map((ring) => [ring]);
  for (const hole of holes) parts[ownerOf(hole, outers)].push(hole);
  return parts;
}

/** The smallest outer ring around a hole: with an island inside a hole, two or more rings contain it. */
function ownerOf(hole: Ring, outers: readonly Ring[]): number {
  if (outers.length === 1) return 0;
  // The mask lies at the right hand of each edge: half a pixel to the right of the first edge is a pixel of the owner.
  const [a, b] = hole;
  const x = a[0] - Math.sign(b[1] - a[1]) * 0.5 + Math.sign(b[0] - a[0]) * 0.5;
  const y = a[1] + Math.sign(b[0] - a[0]) * 0.5 + Math.sign(b[1] - a[1]) * 0.5;
  let best = 0;
  let size = Infinity;
  outers.forEach((outer, index) => {
    if (!partContains([outer], x, y)) return;
    const area = signedArea(outer);
    if (area < size) {
      size = area;
      best = index;
    }
  });
  return best;
}

/** Closed rings of corners, the mask at the right hand: outer rings have positive area, holes negative. */
function traceRings(window: MaskWindow): Ring[] {
  const { width, height, pixels, left, top } = window;
  const stride = width + 1;
  // Four bits a corner: which unit edges leave it (right, down, left, up). An edge is taken once.
  const leaving = new Uint8Array(stride * (height + 1));
  const at = (x: number, y: number): number => (x >= 0 && x < width && y >= 0 && y < height ? pixels[y * width + x] : 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (pixels[y * width + x] === 0) continue;
      if (!at(x, y - 1)) leaving[y * stride + x] |= 1;
      if (!at(x + 1, y)) leaving[y * stride + x + 1] |= 2;
      if (!at(x, y + 1)) leaving[(y + 1) * stride + x + 1] |= 4;
      if (!at(x - 1, y)) leaving[(y + 1) * stride + x] |= 8;
    }
  }
  const rings: Ring[] = [];
  for (let corner = 0; corner < leaving.length; corner++) {
    while (leaving[corner]) rings.push(followRing(leaving, corner, stride, left, top));
  }
  return rings;
}

function followRing(leaving: Uint8Array, start: number, stride: number, left: number, top: number): Ring {
  let direction = lowestBit(leaving[start]);
  const firstDirection = direction;
  let heading = -1;
  let corner = start;
  const ring: Point[] = [];
  do {
    leaving[corner] &= ~(1 << direction);
    if (direction !== heading) ring.push([left + (corner % stride), top + Math.floor(corner / stride)]);
    heading = direction;
    corner += STEP_X[direction] + STEP_Y[direction] * stride;
    // Where two pixels touch at a corner, turning right stays on the mask's own pixel and keeps the two rings apart.
    const right = (heading + 1) % 4;
    direction = leaving[corner] & (1 << right) ? right : lowestBit(leaving[corner]);
  } while (direction >= 0 && !(corner === start && closes(heading, firstDirection, leaving[corner])));
  return ring;
}

/** At the start again: the ring closes unless its own pixel's edge, to the right, is still to be walked. */
function closes(heading: number, firstDirection: number, left: number): boolean {
  const right = (heading + 1) % 4;
  return firstDirection === right || !(left & (1 << right));
}

function lowestBit(bits: number): number {
  return bits === 0 ? -1 : 31 - Math.clz32(bits & -bits);
}
