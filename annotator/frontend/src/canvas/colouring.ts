/** A colour for each instance of a picture: neighbours have different ones, few have one each, and what has a colour keeps it. */
import type { Box } from "../document/geometry";
import { outlineOf } from "../document/outline";
import type { Instance, Mask, Scene } from "../document/scene";
import { COLORS, LIKENESS, hashOf } from "./palette";

/** The first colours of the palette are the farthest apart: the others are for crowds. */
const FIRST = 8;
/** How near two boxes are neighbours: shares of their own longer side, and of the picture's. */
const OWN_SHARE = 0.1;
const PICTURE_SHARE = 0.01;
const CELLS = 32;

interface Placed {
  readonly box: Box;
  readonly color: number;
  /** How much it is seen: what is likely hidden gives way where colours run out. */
  readonly weight: number;
}

/** The colours of one picture's instances, followed from scene to scene. Each is a place in COLORS. */
export class InstanceColors {
  private scene: Scene | null = null;
  private readonly colors = new Map<string, { readonly mask: Mask; readonly color: number }>();

  of({ key }: Instance, scene: Scene): number {
    if (scene !== this.scene) this.follow(scene);
    return this.colors.get(key)?.color ?? hashOf(key) % FIRST;
  }

  /** In the scene's order, so that a picture looks the same at every visit; what is new or was moved gives way to the rest. */
  private follow(scene: Scene): void {
    if (scene.imageId !== this.scene?.imageId) this.colors.clear();
    this.scene = scene;
    const placed = new Neighbourhood(scene);
    const rest: Instance[] = [];
    for (const instance of scene.instances) {
      const known = this.colors.get(instance.key);
      if (known?.mask === instance.mask) placed.add(instance, known.color);
      else rest.push(instance);
    }
    for (const instance of rest) {
      const { key, mask } = instance;
      const color = placed.freeColor(instance, this.colors.get(key)?.color);
      this.colors.set(key, { mask, color });
      placed.add(instance, color);
    }
  }
}

/** Which colours there are around a place; a grid keeps 10,000 instances quick. */
class Neighbourhood {
  private readonly cells: Placed[][] = Array.from({ length: CELLS * CELLS }, () => []);
  /** How many instances of the picture have each colour. */
  private readonly uses = new Array<number>(COLORS.length).fill(0);

  constructor(private readonly picture: Pick<Scene, "width" | "height">) {}

  add({ mask, state, score }: Instance, color: number): void {
    const box = this.around(mask);
    this.uses[color]++;
    const weight = state === "accepted" ? 1.2 : state === "suggested" ? 0.2 + 0.8 * (score ?? 1) : 0;
    this.eachCell(box, (cell) => cell.push({ box, color, weight }));
  }

  /** The colour that is least like any neighbour's: of several the one that it had, else one that the picture has least of. */
  freeColor({ key, mask }: Instance, had: number | undefined): number {
    const box = this.around(mask);
    const taken = new Array<number>(COLORS.length).fill(0);
    this.eachCell(box, (cell) => {
      for (const { box: other, color, weight } of cell) {
        const apart = other.x0 > box.x1 || other.x1 < box.x0 || other.y0 > box.y1 || other.y1 < box.y0;
        if (!apart && weight > taken[color]) taken[color] = weight;
      }
    });
    const clashes = COLORS.map((_, color) => Math.max(...taken.map((weight, other) => weight * LIKENESS[color][other])));
    const isRarer = (color: number, than: number): boolean => had === undefined && color < FIRST && this.uses[color] < this.uses[than];
    const isBetter = (color: number, than: number): boolean => clashes[color] < clashes[than] || (clashes[color] === clashes[than] && isRarer(color, than));
    return candidates(had ?? hashOf(key) % FIRST).reduce((best, color) => (isBetter(color, best) ? color : best));
  }

  private around(mask: Mask): Box {
    const { x0, y0, x1, y1 } = outlineOf(mask).box;
    const { width, height } = this.picture;
    const by = (OWN_SHARE * Math.max(x1 - x0, y1 - y0) + PICTURE_SHARE * Math.max(width, height)) / 2;
    return { x0: x0 - by, y0: y0 - by, x1: x1 + by, y1: y1 + by };
  }

  private eachCell({ x0, y0, x1, y1 }: Box, visit: (cell: Placed[]) => void): void {
    const cell = (at: number, side: number): number => Math.max(0, Math.min(CELLS - 1, Math.floor((CELLS * at) / side)));
    const { width, height } = this.picture;
    for (let row = cell(y0, height); row <= cell(y1, height); row++) {
      for (let column = cell(x0, width); column <= cell(x1, width); column++) visit(this.cells[row * CELLS + column]);
    }
  }
}

/** The preferred colour, then the other ones that are far apart, then the rest. */
function candidates(preferred: number): number[] {
  const first = Array.from({ length: FIRST }, (_, n) => (preferred + n) % FIRST);
  const rest = COLORS.map((_, n) => n).slice(FIRST);
  return [preferred, ...first, ...rest];
}
