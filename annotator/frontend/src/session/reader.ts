/** Reads pictures that are not open, so that something can be changed on them all the same. */
import type { WireDocument } from "../document/protocol";
import type { Scene } from "../document/scene";
import { sceneOf } from "../document/scene";
import type { Saver } from "../saving/saver";

export interface ReaderOptions {
  readonly document: (imageId: number) => Promise<WireDocument>;
  readonly saver: Pick<Saver, "noteLoaded" | "revision">;
  /** A picture with every gesture of this tab, where it need not be read. */
  readonly here: (imageId: number) => Scene | undefined;
  readonly onFailed: (error: unknown) => void;
}

export class Reader {
  private readonly reading = new Map<number, Promise<WireDocument>>();

  constructor(private readonly options: ReaderOptions) {}

  /** A picture as it stands; null where it cannot be read. */
  async latest(imageId: number): Promise<Scene | null> {
    const { here } = this.options;
    const read = here(imageId) ?? (await this.read(imageId));
    // Whoever asked at the same time may have changed it a moment ago.
    return here(imageId) ?? read;
  }

  private async read(imageId: number): Promise<Scene | null> {
    const { saver } = this.options;
    for (;;) {
      const read = this.reading.get(imageId) ?? this.options.document(imageId);
      this.reading.set(imageId, read);
      const document = await read.catch((error: unknown) => (this.options.onFailed(error), null));
      this.reading.delete(imageId);
      if (document === null) return null;
      // While it was on its way, a gesture of ours may have been made and even saved: then it is read again.
      const here = this.options.here(imageId);
      if (here !== undefined) return here;
      if (document.revision < (saver.revision(imageId) ?? 0)) continue;
      saver.noteLoaded(imageId, document.revision);
      return sceneOf(document);
    }
  }
}
