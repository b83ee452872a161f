/** Puts the parts of the screen together and connects them to one project. */
import { Api } from "./api";
import { createBanner } from "./banner";
import { Commands } from "./commands";
import { confirmRemoval, keySheet, openDialog } from "./dialogs";
import { h } from "./dom";
import { Drawing } from "./drawing";
import { DropZone } from "./dropzone";
import { createHint } from "./hint";
import { isShown, listenToKeys } from "./keyboard";
import type { KeyMap } from "./keys";
import { createLook } from "./look";
import { Notices } from "./notices";
import { Panel } from "./panel";
import type { QueueImage } from "./protocol";
import { QueuePanel } from "./queue";
import { Saver } from "./saver";
import { Session } from "./session";
import { announceTab, openShelf, preference, randomName, setPreference, takeOrphans, unsavedKey } from "./shelf";
import { Stage } from "./stage";
import { t } from "./strings";
import { ThresholdBar } from "./threshold";
import { Toolbar } from "./toolbar";
import { BoxTool } from "./tools/box";
import { BrushTool } from "./tools/brush";
import { PolygonTool } from "./tools/polygon";
import { SelectTool } from "./tools/select";
import { Uploads } from "./upload";

/** How often a running job is asked after, at the fastest. */
const POLL_MS = 1500;
const PRELOADED = 6;

export class Editor {
  readonly session: Session;
  private readonly shelf = openShelf();
  private readonly api: Api;
  private readonly client = randomName();
  private readonly stage: Stage;
  private readonly commands: Commands;
  private readonly drawing: Drawing;
  private readonly notices = new Notices();
  private readonly dropZone: DropZone;
  private readonly preloaded: HTMLImageElement[] = [];
  private readonly stops: (() => void)[] = [];
  private keyMap: KeyMap = {};
  private hurry: () => void = () => {};
  private refreshing: Promise<void> = Promise.resolve();
  private nextRefresh: Promise<void> | null = null;
  private polling = 0;
  private queueTimer = 0;
  private destroyed = false;

  constructor(
    private readonly root: HTMLElement,
    readonly project: string,
  ) {
    this.api = new Api(project);
    this.session = new Session({
      api: this.api,
      makeSaver: (session) => this.makeSaver(session),
      notice: (kind, text, detail) => this.notices.show(kind, t(text), detail),
      preload: (url) => this.preload(url),
      now: () => performance.now(),
    });
    this.keyMap = preference(this.shelf, "keys", {});
    this.session.chosenThreshold = preference(this.shelf, `threshold:${project}`, null);
    const { session } = this;
    const look = createLook(session);
    const run: Commands["run"] = (id) => this.commands.run(id);
    const toolbar = new Toolbar(session, run);
    this.drawing = new Drawing({ session, api: this.api, root, color: look.categoryColor, notice: (text, detail) => this.notices.show("info", text, detail) });
    this.stage = new Stage({
      session,
      look,
      makeTools: (host) => [
        new SelectTool(host),
        new PolygonTool(host),
        new BoxTool(host),
        new BrushTool(host, "brush"),
        new BrushTool(host, "eraser"),
      ],
      addInstance: (mask) => void this.drawing.add(mask),
      addFromBox: (box) => void this.drawing.addFromBox(box),
      onCamera: (camera) => toolbar.showScale(camera),
    });
    this.dropZone = new DropZone({
      root,
      add: (files) => uploads.add(files),
      addExample: () => void this.addExample(),
    });
    const uploads = new Uploads({
      api: this.api,
      onAdded: (imageId) => this.onAdded(imageId),
      onFinished: () => void session.refreshQueue(),
    });
    const queue = new QueuePanel({
      session,
      chooseFiles: () => this.dropZone.chooseFiles(),
      chooseFolder: () => this.dropZone.chooseFolder(),
      remove: (image) => void this.remove(image),
    });
    const panel = new Panel({
      session,
      look,
      pickCategory: (anchor) => void this.commands.chooseCategory(anchor),
      acceptAll: () => run("acceptAll"),
      reveal: (instance) => this.stage.reveal(instance),
    });
    this.commands = new Commands({
      session,
      stage: this.stage,
      drawing: this.drawing,
      queue,
      root,
      color: look.categoryColor,
      showKeys: () => openDialog(root, keySheet(this.keyMap)),
    });
    const threshold = new ThresholdBar(session);
    const body = h("div", { class: "an-stage-frame" }, this.stage.element, createHint(session), this.notices.element);
    const center = h("main", { class: "an-center" }, toolbar.element, createBanner(session), body, threshold.element);
    root.replaceChildren(queue.element, center, panel.element, this.dropZone.element, uploads.element, ...root.querySelectorAll(".an-drop-overlay"));
    this.watch();
    this.stops.push(() => this.dropZone.destroy());
    const { stage, commands } = this;
    this.stops.push(
      listenToKeys({ root, stage, commands, keyMap: () => this.keyMap, active: () => session.view.get().scene !== null }),
    );
    announceTab(this.client);
    void this.start();
  }

  /** Reads queue and picture again: after a pre-labelling, an import, another tab's work. */
  refresh(): Promise<void> {
    // A job reports each picture: while one answer is on its way, all later calls share the next one.
    this.nextRefresh ??= this.refreshing.then(() => {
      this.nextRefresh = null;
      this.refreshing = this.readAgain();
      return this.refreshing;
    });
    return this.nextRefresh;
  }

  private async readAgain(): Promise<void> {
    const { session } = this;
    await session.refreshQueue();
    const { scene } = session.view.get();
    const ids = session.queue.get().images.map((image) => image.id);
    if (scene !== null && ids.includes(scene.imageId)) await session.revalidate(scene.imageId);
    else await this.openFirst();
    this.prefetch();
  }

  destroy(): void {
    this.destroyed = true;
    clearTimeout(this.polling);
    for (const stop of this.stops) stop();
    this.hurry();
    this.root.replaceChildren();
  }

  private async start(): Promise<void> {
    this.session.saver.adopt(await takeOrphans(this.shelf, this.project, this.client));
    await this.session.refreshQueue();
    if (this.session.view.get().scene === null) await this.openFirst();
  }

  /** The picture that was open last, else the first to do. */
  private async openFirst(): Promise<void> {
    const { images } = this.session.queue.get();
    const last = preference<number | null>(this.shelf, `picture:${this.project}`, null);
    const image = images.find((one) => one.id === last) ?? images.find((one) => !one.reviewed) ?? images[0];
    if (image !== undefined) await this.session.open(image.id);
    else this.session.close();
  }

  private makeSaver(session: Session): Saver {
    return new Saver({
      shelf: this.shelf,
      shelfKey: unsavedKey(this.project, this.client),
      client: this.client,
      post: (imageId, gesture) => this.api.gesture(imageId, gesture),
      wait: (milliseconds) => this.wait(milliseconds),
      onStatus: (status) => session.view.set({ status }),
      onConflict: (imageId) => void session.onConflict(imageId),
      onRefused: (imageId, line) => session.onRefused(imageId, line),
      onSettled: (imageId) => session.onSettled(imageId),
    });
  }

  private wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private watch(): void {
    const { session } = this;
    session.queue.subscribe((now) => {
      this.root.classList.toggle("is-empty", now.loaded && now.images.length === 0);
      if (now.job?.running === true) this.poll();
    });
    session.view.subscribe((now, before) => {
      if (now.threshold !== before.threshold) setPreference(this.shelf, `threshold:${this.project}`, session.chosenThreshold);
      if (now.scene === null || now.scene.imageId === before.scene?.imageId) return;
      setPreference(this.shelf, `picture:${this.project}`, now.scene.imageId);
      this.prefetch();
    });
    const online = (): void => this.hurry();
    const leaving = (event: BeforeUnloadEvent): void => {
      if (session.saver.unsaved() > 0) event.preventDefault();
    };
    window.addEventListener("online", online);
    window.addEventListener("beforeunload", leaving);
    this.stops.push(() => window.removeEventListener("online", online));
    this.stops.push(() => window.removeEventListener("beforeunload", leaving));
  }

  private prefetch(): void {
    const next = this.session.nextToDo();
    if (next !== null) this.session.prefetch(next.id);
  }

  private preload(url: string): void {
    const image = new Image();
    image.src = url;
    image.decode().catch(() => {});
    this.preloaded.push(image);
    if (this.preloaded.length > PRELOADED) this.preloaded.shift();
  }

  /** While pictures are pre-labelled their counts change; a hidden page and a slow answer are asked less often. */
  private poll(): void {
    clearTimeout(this.polling);
    this.polling = window.setTimeout(() => void this.pollNow(), isShown(this.root) && !document.hidden ? POLL_MS : POLL_MS * 4);
  }

  private async pollNow(): Promise<void> {
    if (this.destroyed) return;
    const { session } = this;
    const before = session.queue.get();
    await session.refreshQueue();
    const { images, job } = session.queue.get();
    if (before.job?.running === true && job?.running !== true) return this.refresh();
    const open = session.imageId();
    const count = (list: readonly QueueImage[]): string => {
      const image = list.find((one) => one.id === open);
      return image === undefined ? "" : `${image.suggested} ${image.prelabelled}`;
    };
    if (open !== null && count(images) !== count(before.images)) await session.revalidate(open);
  }

  private async addExample(): Promise<void> {
    try {
      const { id } = await this.api.addExample();
      await this.session.refreshQueue();
      await this.session.open(id);
    } catch (error) {
      this.notices.show("error", t("exampleFailed"), error instanceof Error ? error.message : "");
    }
  }

  private onAdded(imageId: number): void {
    const { session } = this;
    if (session.imageId() === null) void session.open(imageId);
    // The list is read again at once for the first picture, then at most once a second while many arrive.
    if (!session.queue.get().images.some((image) => image.id === imageId)) this.refreshQueueSoon();
  }

  private refreshQueueSoon(): void {
    if (this.queueTimer !== 0) return;
    const delay = this.session.queue.get().images.length === 0 ? 0 : 1000;
    this.queueTimer = window.setTimeout(() => {
      this.queueTimer = 0;
      void this.session.refreshQueue();
    }, delay);
  }

  private async remove(image: QueueImage): Promise<void> {
    const agreed = await confirmRemoval(
      this.root,
      t("removeTitle"),
      t("removeBody", { name: image.name, n: image.accepted }),
      t("remove"),
    );
    if (!agreed) return;
    const { session } = this;
    try {
      const next = session.imageId() === image.id ? session.nextToDo() : null;
      await this.api.removeImage(image.id);
      session.forget(image.id);
      await session.refreshQueue();
      if (session.imageId() !== null) return;
      if (next !== null) await session.open(next.id);
      else await this.openFirst();
    } catch (error) {
      this.notices.show("error", t("removeFailed"), error instanceof Error ? error.message : "");
    }
  }
}
