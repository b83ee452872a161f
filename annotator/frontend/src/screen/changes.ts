/** Pictures that are shown otherwise than somebody might expect: counted as they come in, and told in a line each. */
import type { Change } from "../saving/api";
import { t, type StringKey } from "../strings";

const TOLD: Readonly<Record<Change, StringKey>> = { shallow: "uploadShallow", opaque: "uploadOpaque", frames: "uploadFrames" };

export class Changes {
  private readonly counts = new Map<Change, number>();

  count(change: Change | ""): void {
    if (change !== "") this.counts.set(change, (this.counts.get(change) ?? 0) + 1);
  }

  /** What is to be told of those since the last call. */
  take(): string[] {
    const lines = [...this.counts].map(([change, n]) => t(TOLD[change], { n }));
    this.counts.clear();
    return lines;
  }
}
