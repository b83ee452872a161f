/** Photographs on their way in: two at once, each problem in a line of its own, and none stops the rest. */
import type { Api } from "./api";
import { RefusedError } from "./api";
import { button, h, setText } from "./dom";
import { t } from "./strings";

const AT_ONCE = 2;
const PICTURE = /\.(jpe?g|jfif|png|webp|bmp|tiff?|gif|avif|heic|heif|ppm|pgm)$/i;

export interface NamedFile {
  /** With its folders, such as "street/001.jpg". */
  readonly name: string;
  readonly file: File;
}

export interface UploadOptions {
  readonly api: Pick<Api, "upload">;
  /** Called with each picture that has arrived. */
  readonly onAdded: (imageId: number) => void;
  readonly onFinished: () => void;
}

export class Uploads {
  readonly element: HTMLElement;
  private readonly title = h("span");
  private readonly fill = h("span", { class: "an-bar-fill" });
  private readonly problems = h("ul", { class: "an-problems" });
  private readonly stopButton: HTMLButtonElement;
  private waiting: NamedFile[] = [];
  private readonly shares = new Map<NamedFile, number>();
  private done = 0;
  private added = 0;
  private total = 0;
  private known = 0;
  private failed = 0;

  constructor(private readonly options: UploadOptions) {
    this.stopButton = button({ icon: "cross", title: t("cancelUpload"), class: "an-row-button", onClick: () => this.stop() });
    this.element = h(
      "section",
      { class: "an-uploads", "aria-label": t("addPhotos"), hidden: true },
      h("header", {}, this.title, this.stopButton),
      h("span", { class: "an-bar" }, this.fill),
      this.problems,
    );
  }

  add(files: readonly NamedFile[]): void {
    if (this.idle()) this.reset();
    const pictures: NamedFile[] = [];
    for (const one of files) {
      if (looksLikePicture(one)) pictures.push(one);
      // Of a folder, what is no picture is passed over; a file that somebody chose deserves a word.
      else if (!one.name.includes("/")) this.problem(one.name, t("uploadNotPicture"));
    }
    this.total += pictures.length;
    this.waiting.push(...pictures);
    this.render(pictures.length + this.failed === 0 ? t("uploadNothing") : this.summary());
    while (this.shares.size < AT_ONCE && this.waiting.length > 0) void this.next();
  }

  private async next(): Promise<void> {
    const file = this.waiting.shift();
    if (file === undefined) return;
    this.shares.set(file, 0);
    try {
      const answer = await this.options.api.upload(file.name, file.file, (share) => {
        this.shares.set(file, share);
        this.render();
      });
      if (answer.known) this.known++;
      else this.added++;
      this.options.onAdded(answer.id);
    } catch (error) {
      this.problem(file.name, error instanceof RefusedError ? error.message : t("uploadNetwork"));
    }
    this.shares.delete(file);
    this.done++;
    this.render();
    if (this.waiting.length > 0) return this.next();
    if (this.idle()) this.finish();
  }

  /** Whether nothing is on its way. */
  idle(): boolean {
    return this.shares.size === 0 && this.waiting.length === 0;
  }

  private stop(): void {
    this.total -= this.waiting.length;
    this.waiting = [];
    if (this.idle()) this.element.hidden = true;
    else this.render();
  }

  private finish(): void {
    this.options.onFinished();
    // Good news goes by itself; problems stay until they are dismissed.
    if (this.failed === 0) setTimeout(() => (this.element.hidden = this.element.hidden || (this.idle() && this.failed === 0)), 4000);
  }

  private reset(): void {
    this.done = this.total = this.added = this.known = this.failed = 0;
    this.problems.replaceChildren();
  }

  private problem(name: string, line: string): void {
    this.failed++;
    // The server's line names the file too; once is enough.
    const text = line.startsWith(`${name}: `) ? line.slice(name.length + 2) : line;
    this.problems.append(h("li", {}, h("strong", {}, name), h("span", {}, text)));
  }

  private render(text: string = this.summary()): void {
    this.element.hidden = false;
    setText(this.title, text);
    const moving = [...this.shares.values()].reduce((sum, share) => sum + share, 0);
    this.fill.style.width = this.total === 0 ? "0" : `${(100 * (this.done + moving)) / this.total}%`;
    this.fill.parentElement!.hidden = this.idle();
    this.stopButton.title = this.idle() ? t("dismiss") : t("cancelUpload");
    this.stopButton.setAttribute("aria-label", this.stopButton.title);
  }

  private summary(): string {
    if (!this.idle()) return t("uploading", { done: this.done, total: this.total });
    const parts = [this.added > 0 || this.failed + this.known === 0 ? t("uploadDone", { n: this.added }) : ""];
    if (this.known > 0) parts.push(t("uploadKnown", { n: this.known }));
    if (this.failed > 0) parts.push(t("uploadProblems", { n: this.failed }));
    return parts.filter((part) => part !== "").join(", ");
  }
}

/** A file without an extension may be one: the server looks into it. */
function looksLikePicture({ name, file }: NamedFile): boolean {
  return PICTURE.test(name) || file.type.startsWith("image/") || (!name.includes("/") && !name.includes("."));
}

/** Everything in a drop, folders included, with paths. Must be called while the event is being handled. */
export async function filesOfDrop(transfer: DataTransfer): Promise<NamedFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const loose = [...transfer.files].map((file) => ({ name: file.name, file }));
  if (entries.every((entry) => entry === null || entry.isFile)) return loose;
  const found = await Promise.all(entries.map((entry) => (entry === null ? [] : filesOfEntry(entry))));
  return found.flat();
}

async function filesOfEntry(entry: FileSystemEntry): Promise<NamedFile[]> {
  const name = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ name, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const children: FileSystemEntry[] = [];
  // A reader hands out a hundred entries a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    children.push(...some);
  }
  children.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const found: NamedFile[] = [];
  for (const child of children) found.push(...(await filesOfEntry(child)));
  return found;
}

/** Files of an input, with their folders where a folder was chosen. */
export function filesOfInput(input: HTMLInputElement): NamedFile[] {
  const files = [...(input.files ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
  return files.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}
