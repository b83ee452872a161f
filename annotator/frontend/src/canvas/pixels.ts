/** The open picture's pixels, decoded once beside the page's own thread, and smaller copies of them. */
import type { Size } from "./camera";

/** From this many pixels on, a browser that decodes the picture anew for a larger scale stalls. */
const LARGE = 6e6;
/** More than this would take too much memory: four bytes each, and a third more for the copies. */
const LARGEST = 60e6;
/** In pixels: no copy's longer side is smaller. */
const SMALLEST_SIDE = 800;

/** What is shown of a picture that is not as large: copies, and the share of the picture's size that each has. */
export interface Copy {
  readonly bitmap: ImageBitmap;
  readonly share: number;
}

export class Pixels {
  /** The largest first, each half as large as the one before; none while they are on their way, or where there are none. */
  private copies: readonly Copy[] = [];
  private url: string | null = null;
  private readonly listeners: (() => void)[] = [];

  /** Calls back when the pixels of another picture have come, or gone. */
  subscribe(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Whether the stage draws the picture from here instead of leaving it to the browser. */
  replaces({ width, height }: Size): boolean {
    return this.copies.length > 0 && width * height >= LARGE;
  }

  /** The smallest copy with at least `share` pixels for each of the picture's, else the largest one; null without any. */
  copyFor(share: number): Copy | null {
    return this.copies.findLast((one) => one.share >= share) ?? this.copies[0] ?? null;
  }

  async take(url: string | null, { width, height }: Size): Promise<void> {
    if (url === this.url) return;
    this.url = url;
    this.put([]);
    if (url === null || width * height > LARGEST) return;
    try {
      const copies = await this.decode(url, width);
      if (this.url === url) this.put(copies);
      else copies.forEach(({ bitmap }) => bitmap.close());
    } catch {
      // The browser's own picture stays; where that does not come either, the stage says so.
    }
  }

  private async decode(url: string, width: number): Promise<Copy[]> {
    // The browser has fetched it for the screen already.
    const blob = await (await fetch(url)).blob();
    if (this.url !== url) return [];
    const copies: Copy[] = [{ bitmap: await createImageBitmap(blob), share: 1 }];
    for (;;) {
      const { bitmap } = copies.at(-1)!;
      const size = { resizeWidth: Math.round(bitmap.width / 2), resizeHeight: Math.round(bitmap.height / 2) };
      if (Math.max(size.resizeWidth, size.resizeHeight) < SMALLEST_SIDE || this.url !== url) return copies;
      // A frame between two copies: halving one takes some of the page's own time.
      await new Promise((resolve) => setTimeout(resolve, 30));
      copies.push({ bitmap: await createImageBitmap(bitmap, { ...size, resizeQuality: "medium" }), share: size.resizeWidth / width });
    }
  }

  private put(copies: readonly Copy[]): void {
    this.copies.forEach(({ bitmap }) => bitmap.close());
    this.copies = copies;
    for (const listener of this.listeners) listener();
  }
}
