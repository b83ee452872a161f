/**
 * Files on their way in: photographs two at once, then the COCO files that speak of them. Each problem has a line of its
 * own, and none stops the rest.
 */
import type { Api, Bringing } from "../saving/api";
import { RefusedError } from "../saving/errors";
import { patiently } from "../saving/patience";
import { sha256Of } from "../saving/sha256";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import { Changes } from "./changes";
import { isHidden, isJson, looksLikeCoco, looksLikePicture, type NamedFile } from "./filekinds";

const AT_ONCE = 2;
/** How often is asked how much of a COCO file is in. */
const LOOK_MS = 1000;
/** Names that one line shows. */
const MANY = 5;

export interface UploadOptions {
  readonly api: Pick<Api, "upload" | "bring" | "bringing" | "stopBringing" | "ping" | "known">;
  /** Whether the project may have a picture already: else nobody needs to be asked. */
  readonly hasPictures: () => boolean;
  /** Called with each picture that has arrived. */
  readonly onAdded: (imageId: number) => void;
  /** Called when a COCO file has changed pictures. */
  readonly onBrought: () => void;
  readonly onFinished: () => void;
}

export class Uploads {
  readonly element: HTMLElement;
  private readonly title = h("span");
  private readonly fill = h("span", { class: "an-bar-fill" });
  private readonly problems = h("ul", { class: "an-problems" });
  private readonly stopButton: HTMLButtonElement;
  private waiting: NamedFile[] = [];
  private annotations: NamedFile[] = [];
  private readonly shares = new Map<NamedFile, number>();
  private done = 0;
  private added = 0;
  private total = 0;
  private alreadyThere = 0;
  /** How many percent of a COCO file are in; null where none is on its way. */
  private storing: number | null = null;
  /** Whether the project had pictures when these files came. */
  private asks = false;
  private failed = 0;
  private brought = 0;
  /** What a folder had beside pictures and COCO files. */
  private passedOver: string[] = [];
  private readonly changes = new Changes();
  private readonly answers = new Map<NamedFile, Bringing>();

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
    this.asks ||= this.options.hasPictures();
    const pictures: NamedFile[] = [];
    const annotations: NamedFile[] = [];
    for (const one of files) {
      if (isHidden(one)) this.passedOver.push(one.name);
      else if (isJson(one)) annotations.push(one);
      else if (looksLikePicture(one)) pictures.push(one);
      // Of a folder, what is no picture is passed over; a file that somebody chose deserves a word.
      else if (!one.name.includes("/")) this.problem(one.name, [t("uploadNotPicture")]);
    }
    this.total += pictures.length + annotations.length;
    this.waiting.push(...pictures);
    this.annotations.push(...annotations);
    this.render(pictures.length + annotations.length + this.failed === 0 ? t("uploadNothing") : this.summary());
    while (this.shares.size < AT_ONCE && this.waiting.length > 0) void this.next();
    if (this.shares.size === 0) void this.next();
    if (this.idle()) this.tellPassedOver();
  }

  private async next(): Promise<void> {
    const picture = this.waiting.shift();
    // What speaks of pictures comes after the last of them.
    const file = picture ?? (this.shares.size === 0 ? this.annotations.shift() : undefined);
    if (file === undefined) return;
    this.shares.set(file, 0);
    try {
      await (picture === undefined ? this.bring(file) : this.upload(picture));
    } catch (error) {
      const said = this.problem(file.name, error instanceof RefusedError ? problemsOf(error) : [t("uploadNetwork")]);
      const there = error instanceof RefusedError ? error.answer["there"] : undefined;
      if (typeof there === "number") said.append(this.choices(file, [[t("bringTheRest", { n: there }), { partly: true }]]));
    }
    this.shares.delete(file);
    this.done++;
    this.render();
    if (this.idle()) this.finish();
    else void this.next();
  }

  private async upload(file: NamedFile): Promise<void> {
    const there = this.asks ? await this.known(file.file) : null;
    if (there !== null) {
      this.alreadyThere++;
      this.options.onAdded(there);
      return;
    }
    // The same bytes are the same picture, however often they are sent.
    const send = (): ReturnType<Api["upload"]> => this.options.api.upload(file.name, file.file, (share) => this.moved(file, share));
    const answer = await patiently(send, { reachable: () => this.reachable() });
    this.changes.count(answer.change);
    if (answer.known) this.alreadyThere++;
    else this.added++;
    this.options.onAdded(answer.id);
  }

  /** The picture of these bytes, where the project has it; what goes wrong here goes wrong when they are sent, and is told. */
  private async known(file: Blob): Promise<number | null> {
    try {
      const sha256 = await sha256Of(file);
      return sha256 === null ? null : await this.options.api.known(sha256);
    } catch {
      return null;
    }
  }

  private reachable(): Promise<boolean> {
    return this.options.api.ping().then(
      () => true,
      (error: unknown) => error instanceof RefusedError && error.status < 500,
    );
  }

  private async bring(file: NamedFile): Promise<void> {
    // Beside a folder's pictures lies JSON of every kind; a file that somebody chose is sent, and answered.
    if (file.name.includes("/") && !(await looksLikeCoco(file.file))) {
      this.passedOver.push(file.name);
      return;
    }
    const how = this.howFor(file);
    const stop = this.watchStoring();
    const sent = this.options.api.bring(file.name, file.file, how, (share) => this.moved(file, share));
    const { lines, met } = await sent.finally(stop);
    if (how.onConflict === "skip") this.brought++;
    const said = this.say(file.name, lines);
    if (met > 0 && how.onConflict === "skip") said.append(this.choices(file, [[t("conflictReplace"), { onConflict: "replace" }], [t("conflictAdd"), { onConflict: "add" }]]));
    this.options.onBrought();
  }

  /** Shows how much of a COCO file is in, until it is called off; small files are in before anybody looks. */
  private watchStoring(): () => void {
    const look = async (): Promise<void> => {
      this.storing = await this.options.api.bringing().catch(() => null);
      this.render();
    };
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => {
      clearInterval(timer);
      this.storing = null;
    };
  }

  private howFor(file: NamedFile): Bringing {
    return this.answers.get(file) ?? { onConflict: "skip", partly: false };
  }

  /** What may become of a file that did not come in as it is, or not whole; it is sent again with the answer. */
  private choices(file: NamedFile, answers: readonly (readonly [text: string, answer: Partial<Bringing>])[]): HTMLElement {
    const choice = ([text, answer]: (typeof answers)[number]): HTMLElement => button({ text, title: text, onClick: () => void this.again(file, answer, choices) });
    const choices = h("div", { class: "an-choices" }, ...answers.map(choice));
    return choices;
  }

  private async again(file: NamedFile, answer: Partial<Bringing>, choices: HTMLElement): Promise<void> {
    const said = choices.parentElement;
    choices.remove();
    // It comes in after all.
    if (answer.partly === true && said !== null) this.failed -= said.classList.replace("is-problem", "is-answered") ? 1 : 0;
    this.answers.set(file, { ...this.howFor(file), ...answer });
    this.total++;
    this.annotations.push(file);
    if (this.shares.size === 0) await this.next();
  }

  private moved(file: NamedFile, share: number): void {
    this.shares.set(file, share);
    this.render();
  }

  /** Whether nothing is on its way. */
  idle(): boolean {
    return this.shares.size === 0 && this.waiting.length + this.annotations.length === 0;
  }

  private stop(): void {
    this.total -= this.waiting.length + this.annotations.length;
    this.waiting = [];
    this.annotations = [];
    if ([...this.shares.keys()].some(isJson)) void this.options.api.stopBringing().catch(() => undefined);
    if (this.idle()) this.element.hidden = true;
    else this.render();
  }

  private finish(): void {
    this.options.onFinished();
    this.tellPassedOver();
    for (const line of this.changes.take()) this.problems.append(h("li", {}, h("span", {}, line)));
    // Good news goes by itself; what has lines of its own stays until it is dismissed.
    const over = (): boolean => this.idle() && this.problems.childElementCount === 0;
    if (over()) setTimeout(() => (this.element.hidden = this.element.hidden || over()), 4000);
  }

  private tellPassedOver(): void {
    if (this.passedOver.length === 0) return;
    const names = this.passedOver.slice(0, MANY).join(", ") + (this.passedOver.length > MANY ? ", …" : "");
    this.problems.append(h("li", {}, h("span", {}, t("uploadPassedOver", { n: this.passedOver.length, names }))));
    this.passedOver = [];
  }

  private reset(): void {
    this.answers.clear();
    this.passedOver = [];
    this.asks = false;
    this.done = this.total = this.added = this.alreadyThere = this.failed = this.brought = 0;
    this.problems.replaceChildren();
  }

  private problem(name: string, lines: readonly string[]): HTMLElement {
    this.failed++;
    return this.say(name, lines, "is-problem");
  }

  private say(name: string, lines: readonly string[], kind = ""): HTMLElement {
    // The server's line names the file too; once is enough.
    const bare = (line: string): string => {
      const named = [name, lastPart(name)].find((one) => line.startsWith(`${one}: `));
      return named === undefined ? line : line.slice(named.length + 2);
    };
    const said = h("li", { class: kind }, h("strong", {}, name), ...lines.map((line) => h("span", {}, bare(line))));
    this.problems.append(said);
    return said;
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
    if (this.storing !== null) return t("uploadStoring", { percent: this.storing });
    if (!this.idle()) return t("uploading", { done: this.done, total: this.total });
    const parts = [this.added > 0 || this.failed + this.alreadyThere + this.brought === 0 ? t("uploadDone", { n: this.added }) : ""];
    if (this.alreadyThere > 0) parts.push(t("uploadKnown", { n: this.alreadyThere }));
    if (this.brought > 0) parts.push(t("uploadBrought", { n: this.brought }));
    if (this.failed > 0) parts.push(t("uploadProblems", { n: this.failed }));
    return parts.filter((part) => part !== "").join(", ");
  }
}

/** The line, or each of several. */
function problemsOf({ message, answer }: RefusedError): readonly string[] {
  const { problems } = answer;
  return Array.isArray(problems) && problems.length > 1 ? (problems as string[]) : [message];
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
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
