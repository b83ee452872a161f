/**
 * A model's soft mask, and the mask at any level of it. All of it is whole numbers that a double holds exactly, values
 * and levels in hundredths: annotator/core/heatmap.py computes the same, and the two agree on every pixel.
 */
import type { WireHeatmap } from "./protocol";
import { decodeCounts } from "./rle";

/** Levels run from 1 to 99; this is the one of every mask that nobody has moved. */
export const HALF = 50;
/** The levels that an instance may have, in hundredths. */
export const LEVELS = { lowest: 1, highest: 99 } as const;

export interface Heatmap {
  /** Samples a side, with a border of zeros. */
  readonly size: number;
  /** Row after row, 0..100. */
  readonly samples: Uint8Array;
  /** The region of the picture that the samples lie over, in image pixels, possibly beyond its borders. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** The runs at 0.5 where they are a model's own mask, which stays as it was pasted; null where they are computed. */
  readonly half: readonly number[] | null;
}

/** Raises an Error for what is not packed as the server packs it. */
export async function unpacked(wire: WireHeatmap): Promise<Heatmap> {
  const packed = Uint8Array.from(atob(wire.values), (character) => character.charCodeAt(0));
  const inflated = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const differences = new Uint8Array(await new Response(inflated).arrayBuffer());
  if (differences.length !== wire.size * wire.size) throw new Error("heatmap: not of the size it says");
  const size = wire.size + 2;
  const samples = new Uint8Array(size * size);
  for (let y = 1; y <= wire.size; y++) {
    for (let x = 1; x <= wire.size; x++) {
      const offset = y * size + x;
      const difference = differences[(y - 1) * wire.size + (x - 1)];
      samples[offset] = difference + samples[offset - 1] + samples[offset - size] - samples[offset - size - 1];
    }
  }
  const [left, top, width, height] = wire.region;
  return { size, samples, left, top, width, height, half: wire.half === null ? null : decodeCounts(wire.half) };
}

/** Where the pixels of one axis lie between the samples; shares are in 2 * length-ths. */
interface Taps {
  readonly low: Int32Array;
  readonly part: Float64Array;
}

function tapsOf(size: number, length: number, begin: number, end: number): Taps {
  const low = new Int32Array(end - begin);
  const part = new Float64Array(end - begin);
  const unit = 2 * length;
  for (let i = begin; i < end; i++) {
    const offset = Math.min(Math.max((2 * i + 1) * size - length, 0), (size - 1) * unit);
    low[i - begin] = Math.floor(offset / unit);
    part[i - begin] = offset % unit;
  }
  return { low, part };
}

/**
 * The runs of the pixels whose value is above the level, in a picture of width x height. Along a column the value runs
 * straight between two rows of samples: only where these lie on both sides of the level are pixels looked at, so that
 * the work grows with the outline.
 */
export function runsAtLevel(heatmap: Heatmap, level: number, width: number, height: number): readonly number[] {
  if (level === HALF && heatmap.half !== null) return heatmap.half;
  const { size, samples } = heatmap;
  const left = Math.max(heatmap.left, 0);
  const top = Math.max(heatmap.top, 0);
  const right = Math.min(heatmap.left + heatmap.width, width);
  const bottom = Math.min(heatmap.top + heatmap.height, height);
  if (left >= right || top >= bottom) return [width * height];
  const across = tapsOf(size, heatmap.width, left - heatmap.left, right - heatmap.left);
  const down = tapsOf(size, heatmap.height, top - heatmap.top, bottom - heatmap.top);
  const [acrossUnit, downUnit] = [2 * heatmap.width, 2 * heatmap.height];
  const sampleLimit = level * acrossUnit;
  const limit = sampleLimit * downUnit;
  const bands = bandsOf(down.low);

  const runs: number[] = [];
  let value = 0;
  let from = 0;
  const change = (to: 0 | 1, position: number): void => {
    if (to === value) return;
    runs.push(position - from);
    from = position;
    value = to;
  };
  for (let x = left; x < right; x++) {
    const low = across.low[x - left];
    const high = Math.min(low + 1, size - 1);
    const part = across.part[x - left];
    const start = x * height;
    if (top > 0) change(0, start);
    for (const { row, first, last } of bands) {
      const upper = samples[row * size + low] * (acrossUnit - part) + samples[row * size + high] * part;
      const next = Math.min(row + 1, size - 1) * size;
      const lower = samples[next + low] * (acrossUnit - part) + samples[next + high] * part;
      if ((upper > sampleLimit) === (lower > sampleLimit)) {
        change(upper > sampleLimit ? 1 : 0, start + top + first);
        continue;
      }
      for (let y = first; y < last; y++) {
        const share = down.part[y];
        change(upper * (downUnit - share) + lower * share > limit ? 1 : 0, start + top + y);
      }
    }
    if (bottom < height) change(0, start + bottom);
  }
  change(0, right * height);
  const rest = width * height - from;
  if (rest > 0 || runs.length === 0) runs.push(rest);
  return runs;
}

/** The pixels, from `first` up to but not including `last`, that lie after one row of samples. */
interface Band {
  readonly row: number;
  readonly first: number;
  readonly last: number;
}

function bandsOf(low: Int32Array): Band[] {
  const bands: Band[] = [];
  for (let first = 0; first < low.length; ) {
    let last = first + 1;
    while (last < low.length && low[last] === low[first]) last++;
    bands.push({ row: low[first], first, last });
    first = last;
  }
  return bands;
}
