/** Documents fetched ahead, so that opening the next picture takes no time. */
import type { WireDocument } from "../document/protocol";
import type { Api } from "./api";

const MOST = 4;
/** A document fetched ahead counts as fresh for this long; after that it is checked once it is shown. */
const FRESH_MS = 4_000;

export interface AheadOptions {
  readonly api: Pick<Api, "document">;
  /** Asks the browser to fetch and decode a picture. */
  readonly preload: (url: string) => void;
  readonly now: () => number;
}

export class Ahead {
  private readonly documents = new Map<number, { document: Promise<WireDocument>; at: number }>();

  constructor(private readonly options: AheadOptions) {}

  fetch(imageId: number): void {
    if (this.documents.has(imageId)) return;
    if (this.documents.size >= MOST) this.documents.delete(this.documents.keys().next().value!);
    const document = this.options.api.document(imageId);
    this.documents.set(imageId, { document, at: this.options.now() });
    document.then(
      (answer) => this.options.preload(answer.image.url),
      () => this.documents.delete(imageId),
    );
  }

  take(imageId: number): { readonly document: Promise<WireDocument>; readonly fresh: boolean } | null {
    const found = this.documents.get(imageId);
    this.documents.delete(imageId);
    return found === undefined ? null : { document: found.document, fresh: this.options.now() - found.at <= FRESH_MS };
  }

  drop(imageId: number): void {
    this.documents.delete(imageId);
  }

  clear(): void {
    this.documents.clear();
  }
}
