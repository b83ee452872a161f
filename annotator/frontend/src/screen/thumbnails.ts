/** Small pictures of instances, cut out of the open picture. */
import type { Pixels } from "../canvas/pixels";
import type { Box } from "../document/geometry";
import { outlineOf } from "../document/outline";
import type { Instance, Scene } from "../document/scene";

/** Around the instance's box, as a share of its longer side. */
const MARGIN = 0.15;

export class Thumbnails {
  constructor(private readonly pixels: Pixels) {}

  /** What a thumbnail depends on: as long as this is the same, it need not be painted again. */
  source(): unknown {
    return this.pixels.copyFor(0)?.bitmap ?? null;
  }

  paint(canvas: HTMLCanvasElement, instance: Instance, scene: Scene, color: string): void {
    const outline = outlineOf(instance.mask);
    const { left, top, side } = squareAround(outline.box, scene);
    const context = canvas.getContext("2d")!;
    const scale = canvas.width / side;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, -left * scale, -top * scale);
    const copy = this.pixels.copyFor(scale);
    if (copy !== null) {
      const { bitmap, share } = copy;
      context.drawImage(bitmap, left * share, top * share, side * share, side * share, left, top, side, side);
    }
    context.strokeStyle = color;
    context.lineWidth = (1.5 * window.devicePixelRatio) / scale;
    context.lineJoin = "round";
    context.beginPath();
    for (const ring of outline.simple.flat()) {
      ring.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
      context.closePath();
    }
    context.stroke();
  }
}

/** In image pixels, as far inside the picture as it goes. */
function squareAround({ x0, y0, x1, y1 }: Box, { width, height }: Scene): { left: number; top: number; side: number } {
  const side = Math.max(4, (1 + 2 * MARGIN) * Math.max(x1 - x0, y1 - y0));
  const within = (middle: number, most: number): number => (side >= most ? (most - side) / 2 : Math.max(0, Math.min(most - side, middle - side / 2)));
  return { left: within((x0 + x1) / 2, width), top: within((y0 + y1) / 2, height), side };
}
