/**
 * The tools, each an entry: keys, toolbar, hint, pointer by keys and tests all read this table. A new tool is a file
 * beside this one (tool.ts says how it works), an entry here, and its texts in every language (../strings).
 */
import type { Levels } from "../editing/levels";
import { LEVEL_TOOL } from "../editing/levels";
import type { Prompting } from "../editing/prompting";
import type { View } from "../session/view";
import type { StringKey } from "../strings";
import type { Icon } from "../widgets/icons";
import { BoxTool } from "./box";
import { BrushTool } from "./brush";
import { EllipseTool } from "./ellipse";
import { KnifeTool } from "./knife";
import { LevelTool, levelHint } from "./level";
import { PointTool, pointHint, pointTouchHint } from "./point";
import { PolygonTool } from "./polygon";
import { SelectTool } from "./select";
import type { Tool, ToolHost } from "./tool";

export interface ToolEntry {
  /** In camelCase: taking it up is a command of that name, as `toolEllipse`, which a browser remembers with its keys. */
  readonly id: string;
  /** Chords that take the tool up, as in commands/keys.ts; the first is the one that is shown. */
  readonly keys: readonly string[];
  /** A path on a 20 x 20 grid. */
  readonly icon: Icon;
  readonly label: StringKey;
  /** The line over the picture that says how the tool works; `{redo}` in its text is the key of that command. */
  readonly hint: StringKey | null | ((view: View) => StringKey);
  /** The same for fingers on a phone, also while something is made; where it is left out, `hint` is for them too. */
  readonly touchHint?: (view: View) => StringKey;
  /** What Insert is to a pointer that the arrow keys move: a point, the beginning and end of a stroke, or nothing. */
  readonly draws: "points" | "strokes" | null;
  /** Whether it is getting ready. */
  readonly busy?: (view: View) => boolean;
  readonly make: (host: ToolHost, levels: Levels, prompting: Prompting) => Tool;
}

const TABLE = [
  {
    id: "select",
    keys: ["V"],
    icon: "M5 3l10.5 6.2-4.6 1.2-2 4.5z",
    label: "cmdToolSelect",
    hint: null,
    draws: null,
    make: (host) => new SelectTool(host),
  },
  {
    id: "point",
    keys: ["Shift+V"],
    icon: "M9 9l8 3.2-3.4 1.4-1.4 3.4z M8.5 2.8v2.6M2.8 8.5h2.6M4.5 4.5l1.9 1.9M12.5 4.5l-1.9 1.9M4.5 12.5l1.9-1.9",
    label: "cmdToolPoint",
    hint: pointHint,
    touchHint: pointTouchHint,
    draws: "points",
    busy: ({ prompts }) => prompts === "preparing",
    make: (host, _levels, prompting) => new PointTool(host, prompting),
  },
  {
    id: "polygon",
    keys: ["P"],
    icon: "M10 3l6.5 5-2.6 8H6.1L3.5 8z M10 3v0 M16.5 8v0",
    label: "cmdToolPolygon",
    hint: "hintPolygon",
    draws: "points",
    make: (host) => new PolygonTool(host),
  },
  {
    id: "box",
    keys: ["R"],
    icon: "M4 5h12v10H4z",
    label: "cmdToolBox",
    hint: "hintBox",
    draws: "strokes",
    make: (host) => new BoxTool(host),
  },
  {
    id: "ellipse",
    keys: ["Z"],
    icon: "M3 10a7 5 0 1014 0 7 5 0 10-14 0z",
    label: "cmdToolEllipse",
    hint: "hintEllipse",
    draws: "strokes",
    make: (host) => new EllipseTool(host),
  },
  {
    id: "brush",
    keys: ["B"],
    icon: "M16.5 3.5L9 11m-1.6.4c-1.8 0-2.7 1.2-2.7 2.7 0 1-.7 1.7-1.7 1.9 2.7 1.3 6.6.6 6.6-2.2 0-1.4-.9-2.4-2.2-2.4z",
    label: "cmdToolBrush",
    hint: "hintBrush",
    draws: "strokes",
    make: (host) => new BrushTool(host, "paints"),
  },
  {
    id: "eraser",
    keys: ["X"],
    icon: "M8.5 16.5h8M11.5 4l4.5 4.5-7.5 8H6l-3-3z M7.5 8l4.5 4.5",
    label: "cmdToolEraser",
    hint: "hintEraser",
    draws: "strokes",
    make: (host) => new BrushTool(host, "erases"),
  },
  {
    id: LEVEL_TOOL,
    keys: ["W"],
    icon: "M3 16.5c3.2 0 3.6-12 7-12s3.8 12 7 12 M2.5 10.5h15",
    label: "cmdToolLevel",
    hint: levelHint,
    draws: null,
    make: (host, levels) => new LevelTool(host, levels),
  },
  {
    id: "knife",
    keys: ["Y"],
    icon: "M6.8 6.2A5.2 5.2 0 0115 12.6M13.2 13.8A5.2 5.2 0 015 7.4M4 16L16 4",
    label: "cmdToolKnife",
    hint: "hintKnife",
    draws: "strokes",
    make: (host) => new KnifeTool(host),
  },
] as const satisfies readonly ToolEntry[];

export type ToolId = (typeof TABLE)[number]["id"];
export const TOOLS: readonly (ToolEntry & { readonly id: ToolId })[] = TABLE;

export type Tools = Readonly<Record<ToolId, Tool>>;

/** Every tool once, for one picture on one screen. */
export function makeTools(host: ToolHost, levels: Levels, prompting: Prompting): Tools {
  return Object.fromEntries(TOOLS.map(({ id, make }) => [id, make(host, levels, prompting)])) as Tools;
}

/** The entry of the tool in hand. */
export function toolInHand(view: View): ToolEntry & { readonly id: ToolId } {
  return TOOLS.find(({ id }) => id === view.tool) ?? TOOLS[0];
}
