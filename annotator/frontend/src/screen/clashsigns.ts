/** Which instances of the open picture clash: worked out a moment after it changed, so that no gesture waits for it. */
import type { Clash, Clashing } from "../document/clashes";
import { clashesOf } from "../document/clashes";
import type { Instance, Scene } from "../document/scene";
import type { StringKey } from "../strings";
import { t } from "../strings";

const SOON_MS = 120;

const SAID: Readonly<Record<Clash, StringKey>> = { duplicate: "clashDuplicateOf", contained: "clashInside", overlap: "clashOver" };

export class ClashSigns {
  private found: ReadonlyMap<string, Clashing> = new Map();
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `changed` is told when others clash than before. */
  constructor(private readonly changed: () => void) {}

  of({ key }: Instance): Clashing | null {
    return this.found.get(key) ?? null;
  }

  /** `shown`: what the threshold shows of the picture. */
  follow(scene: Scene | null, shown: readonly Instance[]): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const before = this.found;
      this.found = scene === null ? new Map() : clashesOf(shown.filter(({ state }) => state !== "rejected"), scene.width);
      if (before.size > 0 || this.found.size > 0) this.changed();
    }, SOON_MS);
  }
}

/** A few words. `number`: by which the larger one is called. */
export function clashText({ kind, larger }: Clashing, number: (instance: Instance) => number): string {
  return t(SAID[kind], { n: number(larger) });
}
