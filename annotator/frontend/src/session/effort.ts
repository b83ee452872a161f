/** What a gesture took: seconds since the one before, presses on the picture, and what it was made with. */
import type { Verb } from "../document/protocol";

const LONGEST_PAUSE_S = 300;

export interface Spent {
  readonly seconds: number;
  /** Only of gestures that draw or change an outline. */
  readonly tool?: string;
  readonly clicks?: number;
}

export class Effort {
  private since: number;
  private presses = 0;
  /** The command that was given last, unless the picture was pressed since. */
  private command: string | null = null;

  constructor(private readonly now: () => number) {
    this.since = now();
  }

  /** Another picture is open: what comes from here on is about it. */
  begin(): void {
    [this.since, this.presses, this.command] = [this.now(), 0, null];
  }

  /** The picture was pressed. */
  press(): void {
    this.presses++;
    this.command = null;
  }

  /** A command was given by a key or a button. */
  give(command: string): void {
    this.command = command;
  }

  /** A gesture was made with this tool in hand, unless a command made it. */
  take(verb: Verb, tool: string): Spent {
    const seconds = Math.min(LONGEST_PAUSE_S, Math.round((this.now() - this.since) / 100) / 10);
    const drawn = verb === "add" || verb === "edit" ? { tool: MAKERS.has(this.command ?? "") ? this.command! : tool, clicks: this.presses } : {};
    this.begin();
    return { seconds, ...drawn };
  }
}

/** Commands that draw or change an outline by themselves. */
const MAKERS = new Set(["paste", "duplicate", "merge", "separate", "fillHoles", "dropSpecks", "fillBoxes", "makeHoles", "makeParts", "makeInstances", "simplify", "shrinkMask", "growMask"]);
