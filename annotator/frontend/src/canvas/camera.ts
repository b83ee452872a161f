/** Where the picture stands in the view: view = image * scale + (x, y), all in CSS pixels. */
import type { Box, Point } from "../document/geometry";

export interface Camera {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const MAX_SCALE = 64;
/** From here on single pixels are shown as squares. */
export const PIXELATED_FROM = 4;
/** Free space around a fitted picture, in CSS pixels. */
const MARGIN = 20;
/** At least this much of the picture stays in view. */
const KEEP = 60;

export function toImage(camera: Camera, x: number, y: number): Point {
  return [(x - camera.x) / camera.scale, (y - camera.y) / camera.scale];
}

export function toView(camera: Camera, point: Point): Point {
  return [point[0] * camera.scale + camera.x, point[1] * camera.scale + camera.y];
}

export function fit(picture: Size, view: Size): Camera {
  return cameraOn({ x0: 0, y0: 0, x1: picture.width, y1: picture.height }, view, MARGIN);
}

/** The camera that shows a box as large as the view takes it. */
export function cameraOn(box: Box, view: Size, margin: number, maxScale: number = MAX_SCALE): Camera {
  const width = Math.max(1e-6, box.x1 - box.x0);
  const height = Math.max(1e-6, box.y1 - box.y0);
  const room = { width: Math.max(1, view.width - 2 * margin), height: Math.max(1, view.height - 2 * margin) };
  const scale = Math.min(room.width / width, room.height / height, maxScale);
  return {
    scale,
    x: view.width / 2 - ((box.x0 + box.x1) / 2) * scale,
    y: view.height / 2 - ((box.y0 + box.y1) / 2) * scale,
  };
}

/** Scales about a place of the view, which keeps showing the same place of the picture. */
export function zoomAt(camera: Camera, factor: number, at: Point, picture: Size, view: Size): Camera {
  const smallest = Math.min(1, fit(picture, view).scale) / 2;
  const scale = Math.max(smallest, Math.min(MAX_SCALE, camera.scale * factor));
  const [x, y] = toImage(camera, at[0], at[1]);
  return { scale, x: at[0] - x * scale, y: at[1] - y * scale };
}

export function actualSize(camera: Camera, picture: Size, view: Size): Camera {
  return clampCamera(zoomAt(camera, 1 / camera.scale, [view.width / 2, view.height / 2], picture, view), picture, view);
}

export function panned(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x + dx, y: camera.y + dy };
}

/** The camera, moved as little as needed so that the picture cannot get lost outside the view. */
export function clampCamera(camera: Camera, picture: Size, view: Size): Camera {
  const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
  return {
    scale: camera.scale,
    x: clamp(camera.x, KEEP - picture.width * camera.scale, view.width - KEEP),
    y: clamp(camera.y, KEEP - picture.height * camera.scale, view.height - KEEP),
  };
}
