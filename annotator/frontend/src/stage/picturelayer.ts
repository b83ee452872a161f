/** A large picture, drawn from pixels that are decoded already: the browser would decode it again for each scale. */
import type { Camera, Size } from "../canvas/camera";
import { PIXELATED_FROM, toImage } from "../canvas/camera";
import { Layer } from "../canvas/layer";
import type { Pixels } from "../canvas/pixels";
import { h } from "../widgets/dom";

export class PictureLayer {
  private readonly layer = new Layer(h("canvas", { class: "an-layer" }));
  readonly canvas = this.layer.canvas;

  constructor(private readonly pixels: Pixels) {}

  resize(size: Size): void {
    this.layer.resize(size, window.devicePixelRatio);
  }

  /** True where the picture is drawn here. */
  paint(camera: Camera, picture: Size | null): boolean {
    this.layer.clear();
    const copy = this.pixels.copyFor(camera.scale * window.devicePixelRatio);
    if (picture === null || copy === null || !this.pixels.replaces(picture)) return false;
    const { size } = this.layer;
    const [left, top] = toImage(camera, 0, 0).map((value) => Math.max(0, Math.floor(value)));
    const [right, bottom] = toImage(camera, size.width, size.height).map(Math.ceil);
    const [width, height] = [Math.min(picture.width, right) - left, Math.min(picture.height, bottom) - top];
    if (width <= 0 || height <= 0) return true;
    const context = this.layer.inImage(camera);
    context.imageSmoothingEnabled = camera.scale < PIXELATED_FROM;
    const { bitmap } = copy;
    const [x, y] = [bitmap.width / picture.width, bitmap.height / picture.height];
    context.drawImage(bitmap, left * x, top * y, width * x, height * y, left, top, width, height);
    return true;
  }
}
