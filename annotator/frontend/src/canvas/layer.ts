/** What is painted on: canvases over the picture. */
import type { Camera, Size } from "./camera";

/** A canvas in CSS pixels, sharp on any screen. */
export class Layer {
  readonly context: CanvasRenderingContext2D;
  size: Size = { width: 0, height: 0 };
  private ratio = 1;
  private blank = true;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d")!;
  }

  resize(size: Size, ratio: number): void {
    this.size = size;
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(size.width * ratio));
    this.canvas.height = Math.max(1, Math.round(size.height * ratio));
  }

  /** What is blank stays untouched: a canvas that changed is handed to the screen again. */
  clear(): void {
    if (this.blank) return;
    this.blank = true;
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** From here on one unit is one image pixel. */
  inImage(camera: Camera): CanvasRenderingContext2D {
    const { ratio, context } = this;
    this.blank = false;
    context.setTransform(camera.scale * ratio, 0, 0, camera.scale * ratio, camera.x * ratio, camera.y * ratio);
    return context;
  }

  /** From here on one unit is one CSS pixel. */
  inView(): CanvasRenderingContext2D {
    this.blank = false;
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    return this.context;
  }
}

/** Calls back when the page moves to a screen of another density, which no observer of sizes sees. */
export function whenDensityChanges(then: () => void): void {
  matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener(
    "change",
    () => {
      whenDensityChanges(then);
      then();
    },
    { once: true },
  );
}
