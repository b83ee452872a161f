/** Puts the parts of the screen together. */
import { Commands } from "../commands/commands";
import { isShown, listenToKeys } from "../commands/keyboard";
import { setKeyMap } from "../commands/keys";
import type { QueueImage } from "../document/protocol";
import { Drawing } from "../editing/drawing";
import { Levels } from "../editing/levels";
import { preference, setPreference } from "../saving/shelf";
import { Connection } from "../session/connection";
import type { Session } from "../session/session";
import { createAppearance } from "../stage/appearance";
import { Minimap } from "../stage/minimap";
import { Stage } from "../stage/stage";
import { t } from "../strings";
import { confirmRemoval, openDialog } from "../widgets/dialogs";
import { h, setText } from "../widgets/dom";
import { createAnnouncer } from "./announcer";
import { createBanner } from "./banner";
import { createBin } from "./bin";
import { pickCategory } from "./categories";
import { askAboutCrowds } from "./crowds";
import { createDisplayMenu, rememberedDisplay } from "./display";
import { DropZone } from "./dropzone";
import { Gallery } from "./gallery";
import { createHint } from "./hint";
import { keySheet } from "./keysheet";
import { createLegend } from "./legend";
import { SHAPE_COMMANDS, openMenu } from "./menu";
import { Notices } from "./notices";
import { Panel } from "./panel";
import { Presence } from "./presence";
import { QueuePanel } from "./queue";
import { openSimplify } from "./simplifier";
import { ThresholdBar } from "./threshold";
import { Toolbar } from "./toolbar";
import { Uploads } from "./upload";

/** A menu asked for at a place of the picture opens to its right. */
const MENU_WIDTH = 290;

export class Editor {
  readonly session: Session;
  private readonly connection: Connection;
  private readonly notices = new Notices();
  private readonly stops: (() => void)[] = [];

  constructor(
    private readonly root: HTMLElement,
    readonly project: string,
  ) {
    const { notices } = this;
    const connection = new Connection(
      project,
      (kind, text, detail) => notices.show(kind, t(text), detail),
      () => isShown(root),
    );
    const { session, api, shelf } = connection;
    this.connection = connection;
    this.session = session;
    setKeyMap(preference(shelf, "keys", {}));
    session.view.set({ display: rememberedDisplay(shelf) });

    askAboutCrowds(session, notices);
    const appearance = createAppearance(session);
    const run: Commands["run"] = (id) => commands.run(id);
    const toolbar = new Toolbar(session, run, (anchor) => createDisplayMenu(root, anchor, session, shelf));
    const presence = new Presence(api, session, () => isShown(root));
    toolbar.addBeforeStatus(presence.element);
    this.stops.push(() => presence.stop());
    const color = appearance.categoryColor;
    const askCategory = (title: "pickCategory" | "categoryFor", current: number | null, anchor: Element | null): Promise<number | null> =>
      pickCategory({
        root,
        anchor,
        color,
        current,
        title: t(title),
        categories: session.view.get().categories,
        create: (name) => session.addCategory(name),
      });
    const drawing = new Drawing({
      session,
      api,
      pickCategory: () => askCategory("pickCategory", null, null),
      notice: (text, detail) => notices.show("info", text, detail),
    });
    const levels = new Levels({
      session,
      api,
      notice: (text) => notices.show("info", text),
      say: (text) => setText(announcer, text),
    });
    const announcer = createAnnouncer(session, appearance);
    const stage = new Stage({
      session,
      appearance,
      levels,
      addInstance: (mask) => void drawing.add(mask),
      addFromBox: (box) => void drawing.addFromBox(box),
      findAgain: (instance, box) => void drawing.predictAgain(instance, box),
      showMenu: ([x, y]) => openMenu(root, { getBoundingClientRect: () => new DOMRect(x, y, MENU_WIDTH, 0) }, SHAPE_COMMANDS, run),
      prepareBox: () => drawing.prepare(),
      say: (text) => setText(announcer, text),
      notice: (text) => notices.show("info", text),
      onCamera: (camera, size) => {
        toolbar.showScale(camera);
        minimap.show(camera, size);
      },
    });
    const minimap = new Minimap(session, stage);
    const uploads = new Uploads({
      api,
      onAdded: (imageId) => connection.added(imageId),
      onBrought: () => void this.refresh(),
      onFinished: () => void session.refreshQueue(),
    });
    const dropZone = new DropZone({
      root,
      add: (files) => uploads.add(files),
      addExample: () => void this.tryTo(connection.addExample(), "exampleFailed"),
      pasteInstances: () => run("paste"),
    });
    const queue = new QueuePanel({
      session,
      chooseFiles: () => dropZone.chooseFiles(),
      chooseFolder: () => dropZone.chooseFolder(),
      remove: (image) => void this.remove(image),
    });
    const onFailed = (line: string): void => notices.show("error", t("binFailed"), line);
    queue.element.append(createBin({ root, api, session, onChanged: () => this.refresh(), onFailed }));
    const panel = new Panel({
      session,
      appearance,
      pickCategory: (anchor) => void commands.chooseCategory(anchor),
      showMenu: (anchor) => openMenu(root, anchor, SHAPE_COMMANDS, run),
      acceptAll: () => run("acceptAll"),
      reveal: (instance) => stage.reveal(instance),
    });
    const showKeys = (): void => openDialog(root, keySheet((map) => setPreference(shelf, "keys", map)));
    const commands = new Commands({
      session,
      stage,
      drawing,
      levels,
      neighbour: (direction) => queue.neighbour(direction),
      pickCategory: (current, anchor) => askCategory("categoryFor", current, anchor),
      openSimplify: (instance) => openSimplify(root, session, instance),
      showKeys,
      notice: (text) => notices.show("info", text),
    });

    const frame = h("div", { class: "an-stage-frame" }, stage.element, createHint(session), createLegend(session, appearance), minimap.element, notices.element, announcer);
    const gallery = new Gallery({ session, api, appearance, shelf, open: (imageId, key) => void commands.openAt(imageId, key) });
    this.stops.push(() => gallery.destroy());
    const threshold = new ThresholdBar(session);
    const center = h("main", { class: "an-center" }, toolbar.element, createBanner(session), frame, threshold.element);
    root.replaceChildren(queue.element, center, panel.element, gallery.element, dropZone.element, uploads.element, dropZone.overlay);
    session.queue.subscribe((now) => root.classList.toggle("is-empty", now.loaded && now.images.length === 0 && now.bin === 0));
    this.stops.push(() => dropZone.destroy());
    const leaving = (event: BeforeUnloadEvent): void => {
      if (session.saver.unsaved() > 0 || !uploads.idle()) event.preventDefault();
    };
    window.addEventListener("beforeunload", leaving);
    this.stops.push(() => window.removeEventListener("beforeunload", leaving));
    this.stops.push(listenToKeys({ root, stage, commands, active: () => session.view.get().scene !== null, above: gallery }));
    void connection.start();
  }

  refresh(): Promise<void> {
    return this.connection.refresh();
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.connection.stop();
    this.root.replaceChildren();
  }

  private async remove(image: QueueImage): Promise<void> {
    const body = t("removeBody", { name: image.name, n: image.accepted });
    const agreed = await confirmRemoval(this.root, t("removeTitle"), body, t("remove"));
    if (agreed) await this.tryTo(this.connection.remove(image), "removeFailed");
  }

  private async tryTo(work: Promise<void>, failure: "exampleFailed" | "removeFailed"): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.notices.show("error", t(failure), error instanceof Error ? error.message : "");
    }
  }
}
