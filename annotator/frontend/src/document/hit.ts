/** Which instances lie under a place of the picture. A grid over the boxes keeps 1,500 instances quick. */
import { nearestEdge, partsContain } from "./geometry";
import { outlineOf } from "./outline";
import type { Instance } from "./scene";

const CELLS = 32;

export class HitIndex {
  private readonly cells: Instance[][] = Array.from({ length: CELLS * CELLS }, () => []);
  private readonly cellWidth: number;
  private readonly cellHeight: number;

  /** `instances` are those that can be hit. Width and height are the picture's. */
  constructor(instances: readonly Instance[], width: number, height: number) {
    this.cellWidth = Math.max(1, width / CELLS);
    this.cellHeight = Math.max(1, height / CELLS);
    for (const instance of instances) {
      const { box } = outlineOf(instance.mask);
      for (let row = this.row(box.y0); row <= this.row(box.y1); row++) {
        for (let column = this.column(box.x0); column <= this.column(box.x1); column++) {
          this.cells[row * CELLS + column].push(instance);
        }
      }
    }
  }

  /**
   * Everything under a place, the smallest first: what lies in front of something else is nearly always smaller.
   * Where nothing contains the place, the nearest outline within `reach` image pixels counts.
   */
  at(x: number, y: number, reach: number): Instance[] {
    const near = this.candidates(x, y, reach);
    const under = near.filter((instance) => {
      const { box, parts } = outlineOf(instance.mask);
      return x >= box.x0 && x <= box.x1 && y >= box.y0 && y <= box.y1 && partsContain(parts, x, y);
    });
    if (under.length > 0) return under.sort((a, b) => outlineOf(a.mask).area - outlineOf(b.mask).area);
    let best: Instance | null = null;
    let limit = reach;
    for (const instance of near) {
      const edge = nearestEdge(outlineOf(instance.mask).simple, x, y, limit);
      if (edge === null) continue;
      limit = edge.distance;
      best = instance;
    }
    return best === null ? [] : [best];
  }

  private candidates(x: number, y: number, reach: number): Instance[] {
    const found = new Set<Instance>();
    for (let row = this.row(y - reach); row <= this.row(y + reach); row++) {
      for (let column = this.column(x - reach); column <= this.column(x + reach); column++) {
        for (const instance of this.cells[row * CELLS + column]) {
          const { box } = outlineOf(instance.mask);
          if (x < box.x0 - reach || x > box.x1 + reach || y < box.y0 - reach || y > box.y1 + reach) continue;
          found.add(instance);
        }
      }
    }
    return [...found];
  }

  private column(x: number): number {
    return Math.max(0, Math.min(CELLS - 1, Math.floor(x / this.cellWidth)));
  }

  private row(y: number): number {
    return Math.max(0, Math.min(CELLS - 1, Math.floor(y / this.cellHeight)));
  }
}

/** Repeated clicks at one place go through everything there. */
export function nextUnder(under: readonly Instance[], selected: string | null): Instance | null {
  if (under.length === 0) return null;
  const index = under.findIndex((instance) => instance.key === selected);
  return under[(index + 1) % under.length];
}
