/** Small pictures of instances, cut out of a small copy of the open picture. */
import type { Box } from "../document/geometry";
import { outlineOf } from "../document/outline";
import type { Instance, Scene } from "../document/scene";
import type { Session } from "../session/session";

/** The copy's longer side, in pixels: enough for objects of a fiftieth of it. */
const COPY_SIDE = 1600;
/** Around the instance's box, as a share of its longer side. */
const MARGIN = 0.15;

export class Thumbnails {
  private copy: ImageBitmap | null = null;
  private of: Scene["url"] | null = null;

  constructor(
    session: Session,
    /** Calls back when the copy of a picture has come. */
    private readonly onReady: () => void,
  ) {
    session.view.subscribe(({ scene }) => {
      if (scene !== null && scene.url !== this.of) void this.take(scene);
    });
  }

  /** What a thumbnail depends on: as long as this is the same, it need not be painted again. */
  readonly source = (): unknown => this.copy ?? this.of;

  paint(canvas: HTMLCanvasElement, instance: Instance, scene: Scene, color: string): void {
    const outline = outlineOf(instance.mask);
    const { left, top, side } = squareAround(outline.box, scene);
    const context = canvas.getContext("2d")!;
    const scale = canvas.width / side;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, -left * scale, -top * scale);
    if (this.copy !== null) {
      const share = this.copy.width / scene.width;
      context.drawImage(this.copy, left * share, top * share, side * share, side * share, left, top, side, side);
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

  /** Decoded beside the page's own thread, from what the browser has fetched for the screen already. */
  private async take({ url, width, height }: Scene): Promise<void> {
    this.of = url;
    this.copy?.close();
    this.copy = null;
    try {
      const blob = await (await fetch(url)).blob();
      const share = Math.min(1, COPY_SIDE / Math.max(width, height));
      const size = { resizeWidth: Math.max(1, Math.round(width * share)), resizeHeight: Math.max(1, Math.round(height * share)) };
      if (this.of !== url) return;
      const copy = await createImageBitmap(blob, { ...size, resizeQuality: "medium" });
      if (this.of !== url) return copy.close();
      this.copy = copy;
      this.onReady();
    } catch {
      // Without a copy the outline alone tells instances apart; the stage says that a picture did not come.
    }
  }
}

/** In image pixels, as far inside the picture as it goes. */
function squareAround({ x0, y0, x1, y1 }: Box, { width, height }: Scene): { left: number; top: number; side: number } {
  const side = Math.max(4, (1 + 2 * MARGIN) * Math.max(x1 - x0, y1 - y0));
  const within = (middle: number, most: number): number => (side >= most ? (most - side) / 2 : Math.max(0, Math.min(most - side, middle - side / 2)));
  return { left: within((x0 + x1) / 2, width), top: within((y0 + y1) / 2, height), side };
}
