/** The whole picture in a corner while only a part of it is in view; a press there goes to that place. */
import type { Camera, Size } from "../canvas/camera";
import { fit, toImage } from "../canvas/camera";
import type { Point } from "../document/geometry";
import type { Session } from "../session/session";
import { t } from "../strings";
import { h } from "../widgets/dom";
import type { Stage } from "./stage";

const LONGEST_SIDE = 150;
/** From this much larger than fitted on, the minimap helps. */
const FROM = 1.3;

export class Minimap {
  readonly element: HTMLElement;
  private readonly picture = h("img", { alt: "", draggable: "false" });
  private shown: { readonly camera: Camera; readonly view: Size } | null = null;
  private readonly frame = h("span", { class: "an-minimap-frame" });

  constructor(
    private readonly session: Session,
    private readonly stage: Stage,
  ) {
    this.element = h("div", { class: "an-minimap", hidden: true, "aria-hidden": "true", title: t("minimap") }, this.picture, this.frame);
    session.view.subscribe((now, before) => {
      if (now.triage !== before.triage && this.shown !== null) this.show(this.shown.camera, this.shown.view);
    });
    this.element.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.element.setPointerCapture(event.pointerId);
      this.go(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) this.go(event);
    });
  }

  show(camera: Camera, view: Size): void {
    this.shown = { camera, view };
    const { scene, triage } = this.session.view.get();
    // In triage the object fills the view, and nothing may lie over it.
    this.element.hidden = scene === null || triage || camera.scale < fit(scene, view).scale * FROM;
    if (scene === null || this.element.hidden) return;
    const scale = LONGEST_SIDE / Math.max(scene.width, scene.height);
    if (this.picture.getAttribute("src") !== scene.url) this.picture.src = scene.url;
    this.element.style.width = `${scene.width * scale}px`;
    this.element.style.height = `${scene.height * scale}px`;
    const [x0, y0] = clamped(toImage(camera, 0, 0), scene);
    const [x1, y1] = clamped(toImage(camera, view.width, view.height), scene);
    Object.assign(this.frame.style, {
      left: `${x0 * scale}px`,
      top: `${y0 * scale}px`,
      width: `${(x1 - x0) * scale}px`,
      height: `${(y1 - y0) * scale}px`,
    });
  }

  private go(event: PointerEvent): void {
    const { scene } = this.session.view.get();
    if (scene === null) return;
    const frame = this.element.getBoundingClientRect();
    const share = [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
    this.stage.centerOn([share[0] * scene.width, share[1] * scene.height]);
  }
}

function clamped([x, y]: Point, size: Size): Point {
  return [Math.max(0, Math.min(size.width, x)), Math.max(0, Math.min(size.height, y))];
}
