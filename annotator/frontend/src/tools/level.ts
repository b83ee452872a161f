/** Grow or shrink the selected mask: a drag moves the level of its heatmap. */
import type { Levels } from "../editing/levels";
import type { View } from "../session/view";
import type { StringKey } from "../strings";
import { t } from "../strings";
import type { Pointer, Tool, ToolHost } from "./tool";
import { CLICK_SLACK, farFrom } from "./tool";

/** CSS pixels for each hundredth: the whole range takes a drag of 300. */
const PIXELS_A_LEVEL = 3;

export function levelHint({ selection, hasHeatmap }: View): StringKey {
  if (selection.length !== 1) return "hintLevelSelect";
  return hasHeatmap === false ? "levelNothing" : "hintLevel";
}

export class LevelTool implements Tool {
  private press: Pointer | null = null;
  /** The first direction stays: to the right or upwards is larger. */
  private axis: 0 | 1 | null = null;

  constructor(
    private readonly host: ToolHost,
    private readonly levels: Levels,
  ) {}

  hover(pointer: Pointer): void {
    const under = this.under(pointer);
    const { selection } = this.host.session.view.get();
    this.host.session.view.set({ hover: under.length > 0 && !under.includes(selection[0]) ? under[0] : null });
    this.host.setCursor(selection.length === 1 || under.length > 0 ? "nesw-resize" : "default");
  }

  leave(): void {
    this.host.session.view.set({ hover: null });
  }

  /** A press on another instance selects it; elsewhere the selected one stays. */
  down(pointer: Pointer): void {
    const { view } = this.host.session;
    if (view.get().hideAll) return this.host.notice(t("hiddenFirst"));
    const under = this.under(pointer);
    const { selection } = view.get();
    if (under.length > 0 && !(selection.length === 1 && under.includes(selection[0]))) this.host.session.select([under[0]]);
    this.press = pointer;
    this.axis = null;
  }

  drag(pointer: Pointer): void {
    const { press, levels } = this;
    if (press === null) return;
    const [dx, dy] = [pointer.view[0] - press.view[0], press.view[1] - pointer.view[1]];
    if (this.axis === null) {
      if (!farFrom(pointer.view, press.view, CLICK_SLACK) || !levels.begin()) return;
      // From here on, so that nothing jumps, whenever the heatmap has come.
      this.axis = Math.abs(dx) >= Math.abs(dy) ? 0 : 1;
      this.press = pointer;
    }
    const moved = this.axis === 0 ? pointer.view[0] - this.press!.view[0] : this.press!.view[1] - pointer.view[1];
    const from = levels.from();
    if (from !== null) levels.to(from - Math.round(moved / PIXELS_A_LEVEL));
  }

  up(pointer: Pointer): void {
    const moved = this.axis !== null;
    this.press = this.axis = null;
    if (moved) this.levels.finish();
    this.hover(pointer);
  }

  cancel(): boolean {
    this.press = this.axis = null;
    return this.levels.cancel();
  }

  private under(pointer: Pointer): string[] {
    return this.host.hits().at(pointer.image[0], pointer.image[1], 0).map((one) => one.key);
  }
}
