/** Puts the parts of the screen together. */
import { Pixels } from "../canvas/pixels";
import type { Appearance } from "../canvas/render";
import { Commands } from "../commands/commands";
import { isShown, listenToKeys } from "../commands/keyboard";
import type { CommandId } from "../commands/keys";
import { setKeyMap } from "../commands/keys";
import { addressIn } from "../document/address";
import type { PageValue } from "../document/protocol";
import { BoxMasks } from "../editing/boxmasks";
import { Drawing } from "../editing/drawing";
import { Levels } from "../editing/levels";
import { Prompting } from "../editing/prompting";
import { lineOf } from "../saving/errors";
import type { Shelf } from "../saving/shelf";
import type { Api } from "../saving/api";
import { PromptsApi } from "../saving/prompts";
import { BulkApi } from "../saving/bulk";
import { VerdictsApi } from "../saving/verdicts";
import { preference, setPreference } from "../saving/shelf";
import { AddressBar, wasReloaded } from "../session/address";
import { Connection } from "../session/connection";
import { Picked } from "../session/picked";
import { Advice } from "../session/advice";
import type { Notice } from "../session/notice";
import type { Session } from "../session/session";
import { createAppearance } from "../stage/appearance";
import { Minimap } from "../stage/minimap";
import { Stage } from "../stage/stage";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { openDialog } from "../widgets/dialogs";
import { h, setText } from "../widgets/dom";
import type { Anchor } from "../widgets/popover";
import { createAnnouncer } from "./announcer";
import { createBanners } from "./banner";
import { createBin } from "./bin";
import { openBulk } from "./bulk";
import { fillCarried } from "./bulkboxes";
import { tellBroken } from "./bulkbroken";
import type { BulkNews } from "./bulkrun";
import { pickCategory } from "./categories";
import { tellCategoryNews } from "./categorynews";
import { openCategoryManager } from "./categorymanager";
import { askAboutCrowds } from "./crowds";
import { openFlags } from "./flags";
import { sayThatNothingIsKept } from "./forgetful";
import { createDisplayMenu, rememberedDisplay } from "./display";
import { DropZone } from "./dropzone";
import type { Side } from "./folds";
import { Folds } from "./folds";
import { Gallery } from "./gallery";
import { createHint } from "./hint";
import { keySheet } from "./keysheet";
import type { InsightOptions } from "./advising";
import { showInsight } from "./insight";
import { secondTakes } from "./secondtakes";
import { createLegend } from "./legend";
import type { Page } from "./manypictures";
import { ManyPictures } from "./manypictures";
import { SHAPE_COMMANDS, openMenu } from "./menu";
import { Notices } from "./notices";
import { Panel, keyed } from "./panel";
import { createPictureNote } from "./picturenote";
import { Presence } from "./presence";
import { QueuePanel } from "./queue";
import { createQueueActions } from "./queueactions";
import { createReviewed } from "./reviewed";
import { ReviewBar } from "./reviewbar";
import { createPointBar } from "./pointbar";
import { openSimplify } from "./simplifier";
import { ThresholdBar } from "./threshold";
import { Toolbar } from "./toolbar";
import { watchSamples } from "./unseen";
import { createVerdictCounts } from "./verdictcounts";
import { Uploads } from "./upload";

/** From this score on, suggestions are proposed where one decides about many. */
const SURE = 0.8;
/** A menu asked for at a place of the picture opens to its right. */
const MENU_WIDTH = 290;
/** How long a page that is left waits for its last gestures. */
const SAVING_MS = 3000;

export interface EditorPage extends Page {
  /** Told the name of the open picture, null where none is. */
  readonly onTitle: (picture: string | null) => void;
  readonly openModels: () => void;
}

export class Editor {
  readonly session: Session;
  private readonly connection: Connection;
  private readonly insight: InsightOptions;
  private readonly notices = new Notices();
  private readonly appearance: Appearance;
  private readonly pixels = new Pixels();
  private readonly toolbar: Toolbar;
  private readonly drawing: Drawing;
  private readonly levels: Levels;
  private readonly prompts: PromptsApi;
  private readonly prompting: Prompting;
  private readonly announcer: HTMLElement;
  private readonly stage: Stage;
  private readonly minimap: Minimap;
  private readonly uploads: Uploads;
  private readonly dropZone: DropZone;
  private readonly picked: Picked;
  private readonly many: ManyPictures;
  private readonly queue: QueuePanel;
  private readonly panel: Panel;
  private readonly commands: Commands;
  private readonly gallery: Gallery;
  private readonly folds: Folds;
  private readonly reviewBar: ReviewBar;
  private readonly stops: (() => void)[] = [];

  constructor(
    private readonly root: HTMLElement,
    readonly opened: PageValue,
    page: EditorPage,
  ) {
    const show: Notice = (kind, text, detail) => this.notices.show(kind, t(text), detail);
    const wanted = addressIn(location.search, location.hash);
    const image = opened.id === wanted.project ? wanted.image : null;
    this.connection = new Connection(opened.project, show, () => isShown(root), image);
    const { session, api, shelf } = this.connection;
    this.session = session;
    this.insight = { api, session, leases: this.connection.leases, advice: new Advice(api), news: this.bulkNews(), notice: (...told) => this.notices.show(...told) };
    setKeyMap(preference(shelf, "keys", {}));
    session.view.set({ display: rememberedDisplay(shelf) });
    askAboutCrowds(session, this.notices);
    tellCategoryNews(session, this.notices);
    if (shelf === null) sayThatNothingIsKept(session, this.notices);
    this.appearance = createAppearance(session);
    this.toolbar = this.makeToolbar();
    const notice = (text: string, detail?: string): void => this.notices.show("info", text, detail);
    const answer = (text: string): void => this.notices.show("answer", text);
    const say = (text: string): void => setText(this.announcer, text);
    const asking = { session, pickCategory: () => this.pickCategory("pickCategory", null, null), notice };
    this.drawing = new Drawing({ ...asking, api });
    this.prompts = new PromptsApi(api, shelf);
    this.prompting = new Prompting({ ...asking, api: this.prompts, offerModels: () => this.notices.ask("models", t("pointNone"), [{ text: t("openModels"), run: page.openModels }]) });
    this.levels = new Levels({ session, api, notice, say });
    this.announcer = createAnnouncer(session, this.appearance);
    this.stage = this.makeStage(notice, say);
    this.minimap = new Minimap(session, this.stage);
    this.uploads = new Uploads({
      api,
      onAdded: (imageId) => this.connection.added(imageId),
      hasPictures: () => session.queue.get().all > 0,
      onBrought: () => void this.refresh(),
      onFinished: () => void session.refreshQueue(),
    });
    this.dropZone = new DropZone({
      root,
      add: (files) => this.uploads.add(files),
      addExample: () => void this.tryTo(this.connection.addExample(), "exampleFailed"),
      pasteInstances: () => this.run("paste"),
    });
    this.picked = new Picked(session.list, api, (error) => show("error", "queueFailed", lineOf(error)));
    this.many = new ManyPictures({ root, api, session, connection: this.connection, picked: this.picked, notices: this.notices, page, decide: (query, images) => this.decideAboutMany(query, images) });
    this.queue = this.makeQueue();
    this.panel = this.makePanel();
    this.reviewBar = new ReviewBar(session, (id) => this.run(id));
    this.folds = this.makeFolds(shelf);
    this.commands = this.makeCommands(answer);
    this.gallery = this.makeGallery(shelf, answer);
    this.assemble();
    this.listen();
    const address = this.follow(page.onTitle);
    void this.connection.start().then(() => address?.settle(wanted, !wasReloaded()));
    void tellBroken(this.bulkNews());
    this.stops.push(watchSamples(this.insight));
  }

  get api(): Api {
    return this.connection.api;
  }

  /** The browser's address follows what is open, where the project has one. */
  private follow(onTitle: (picture: string | null) => void): AddressBar | null {
    const { id } = this.opened;
    if (id === undefined) return null;
    const openAt = (imageId: number, key: string): Promise<void> => this.commands.openAt(imageId, key);
    const bar = new AddressBar({ session: this.session, id, window, openAt, onTitle });
    this.stops.push(() => bar.stop());
    return bar;
  }

  /** Resolves when every gesture is saved, or when that takes too long: then the browser keeps them. */
  saved(): Promise<void> {
    return this.session.saver.whenSaved(SAVING_MS);
  }

  private run(id: CommandId): void {
    this.commands.run(id);
  }

  private pickCategory(title: "pickCategory" | "categoryFor", current: number | null, anchor: Element | null): Promise<number | null> {
    const { root, session } = this;
    return pickCategory({
      root,
      anchor,
      inSight: this.stage.placeOfDraft,
      color: this.appearance.categoryColor,
      current,
      title: t(title),
      categories: session.view.get().categories,
      create: (name) => session.categories.add(name),
      manage: () => this.manageCategories(),
    });
  }

  private manageCategories(): void {
    const { root, session, appearance } = this;
    openCategoryManager({ root, session, appearance, api: this.connection.api });
  }

  private makeToolbar(): Toolbar {
    const { root, session } = this;
    const { api, shelf } = this.connection;
    const toolbar = new Toolbar(session, (id) => this.run(id), (anchor) => createDisplayMenu(root, anchor, session, shelf));
    const presence = new Presence(api, session, () => isShown(root));
    toolbar.addBeforeStatus(createPictureNote(root, session));
    toolbar.addBeforeStatus(presence.element);
    this.stops.push(() => presence.stop());
    return toolbar;
  }

  private makeStage(notice: (text: string) => void, say: (text: string) => void): Stage {
    const { drawing } = this;
    return new Stage({
      session: this.session,
      appearance: this.appearance,
      pixels: this.pixels,
      levels: this.levels,
      prompting: this.prompting,
      addInstance: (mask) => void drawing.add(mask),
      addFromBox: (box) => void drawing.addFromBox(box),
      findAgain: (instance, box) => void drawing.predictAgain(instance, box),
      showMenu: ([x, y]) => this.showMenu({ getBoundingClientRect: () => new DOMRect(x, y, MENU_WIDTH, 0) }),
      prepareBox: (box) => (box === null ? drawing.prepare() : drawing.prepareFor(box)),
      say,
      notice,
      onCamera: (camera, size) => {
        this.toolbar.showScale(camera);
        this.minimap.show(camera, size);
      },
    });
  }

  private showMenu(anchor: Anchor): void {
    openMenu(this.root, anchor, SHAPE_COMMANDS, (id) => this.run(id));
  }

  private makeFolds(shelf: Shelf | null): Folds {
    const { root, session, toolbar, stage, reviewBar } = this;
    const title = (label: StringKey, side: Side): string => keyed(label, side === "queue" ? "foldQueue" : "foldPanel");
    const folds = new Folds(root, shelf, title, (layout) => reviewBar.setLayout(layout));
    toolbar.addSides([folds.buttons.queue], [folds.moreTools, folds.buttons.panel]);
    stage.element.addEventListener("pointerdown", () => folds.closeDrawers());
    session.view.subscribe((now, before) => {
      if (now.scene?.imageId !== before.scene?.imageId) folds.closeDrawers();
    });
    this.stops.push(() => folds.stop());
    return folds;
  }

  private makeQueue(): QueuePanel {
    const { root, session, dropZone, notices, picked, many } = this;
    const queue = new QueuePanel({
      session,
      picked,
      actions: createQueueActions(picked, many.actions),
      leave: () => this.stage.element.focus({ preventScroll: true }),
      chooseFiles: () => dropZone.chooseFiles(),
      chooseFolder: () => dropZone.chooseFolder(),
      remove: (ids) => void many.remove(ids),
    });
    const onFailed = (line: string): void => notices.show("error", t("binFailed"), line);
    queue.element.prepend(secondTakes(session, this.connection.api), createVerdictCounts(session, new VerdictsApi(this.connection.api)));
    queue.element.append(createBin({ root, api: this.connection.api, session, onChanged: () => this.refresh(), onFailed }));
    return queue;
  }

  private makePanel(): Panel {
    return new Panel({
      session: this.session,
      appearance: this.appearance,
      pixels: this.pixels,
      pickCategory: (anchor) => void this.commands.chooseCategory(anchor),
      showMenu: (anchor) => this.showMenu(anchor),
      acceptAll: () => this.run("acceptAll"),
      reveal: (instance) => this.stage.reveal(instance),
    });
  }

  private makeCommands(answer: (text: string) => void): Commands {
    const { root, session } = this;
    const { shelf } = this.connection;
    return new Commands({
      session,
      stage: this.stage,
      drawing: this.drawing,
      levels: this.levels,
      boxMasks: new BoxMasks({ session, api: this.prompts, answer, carried: (imageId) => fillCarried(this.bulkNews(), imageId, { threshold: session.view.get().threshold, network: this.prompts.network }) }),
      pickCategory: (current, anchor) => this.pickCategory("categoryFor", current, anchor),
      openSimplify: (instance) => openSimplify(root, session, instance),
      fold: (side) => this.folds.toggle(side),
      showKeys: () => openDialog(root, keySheet((map) => setPreference(shelf, "keys", map))),
      search: () => (this.folds.reveal("queue"), this.queue.search()),
      showCategories: () => this.manageCategories(),
      decideAboutMany: () => this.decideAboutMany(session.queue.get().asked.query),
      showFlags: () => openFlags(root, session, null),
      answer,
    });
  }

  private makeGallery(shelf: Shelf | null, answer: (text: string) => void): Gallery {
    const { session, appearance } = this;
    return new Gallery({
      session,
      api: this.connection.api,
      appearance,
      shelf,
      answer,
      news: this.bulkNews(),
      pickCategory: (anchor) => this.pickCategory("categoryFor", null, anchor),
      open: (imageId, key) => void this.commands.openAt(imageId, key),
    });
  }

  private bulkNews(): BulkNews & { readonly notices: Notices } {
    const changed = async (): Promise<void> => {
      await this.refresh();
      this.gallery.readAgain();
    };
    return { api: new BulkApi(this.connection.api), notices: this.notices, changed };
  }

  /** query: which pictures and instances are proposed, the surest suggestions of them; images: these pictures alone. */
  private decideAboutMany(query: string, images?: readonly number[]): void {
    const { threshold, categories } = this.session.view.get();
    const proposed = `${query} score:${Math.max(SURE, threshold).toFixed(2)}..`.trim();
    openBulk({ ...this.bulkNews(), root: this.root, categories, threshold, query: proposed, boxes: query, images, network: this.prompts.network });
  }

  private assemble(): void {
    const { root, session, appearance, stage, minimap, notices, announcer, queue, panel, gallery, dropZone, uploads } = this;
    const legend = createLegend(session, appearance);
    const frame = h("div", { class: "an-stage-frame" }, stage.element, createHint(session, this.connection.shelf), createPointBar({ session, api: this.prompts, prompting: this.prompting, notices }), legend, minimap.element, uploads.element, notices.element, announcer);
    panel.element.append(createReviewed(session, (id) => this.run(id)));
    const center = h("main", { class: "an-center" }, this.toolbar.element, ...createBanners(session, this.connection), frame, new ThresholdBar(session, this.insight).element, this.reviewBar.element);
    root.replaceChildren(queue.element, center, panel.element, gallery.element, dropZone.element, dropZone.overlay);
  }

  private listen(): void {
    const { root, session, stage, commands, gallery, dropZone, uploads } = this;
    const frame = stage.element.parentElement!;
    const placeNotices = (): void => {
      // They lie over what is to be seen.
      const home = root.classList.contains("is-empty") ? dropZone.element : session.view.get().gallery ? gallery.body : frame;
      if (uploads.element.parentElement !== home) home.append(uploads.element);
      this.notices.stand(home);
    };
    session.queue.subscribe((now) => {
      root.classList.toggle("is-empty", now.loaded && now.all === 0 && now.bin === 0);
      placeNotices();
    });
    session.view.subscribe((now, before) => void (now.gallery !== before.gallery && placeNotices()));
    const leaving = (event: BeforeUnloadEvent): void => {
      if (session.saver.unsaved() > 0 || !uploads.idle()) event.preventDefault();
    };
    window.addEventListener("beforeunload", leaving);
    const active = (): boolean => session.view.get().scene !== null;
    const stopKeys = listenToKeys({ root, stage, commands, active, above: gallery });
    this.stops.push(() => gallery.destroy(), () => dropZone.destroy(), () => window.removeEventListener("beforeunload", leaving), stopKeys);
  }

  /** What the decisions add up to, laid out in an element of the page. */
  showStatistics(element: HTMLElement): Promise<void> {
    this.notices.visit(element);
    return showInsight(element, this.insight);
  }

  refresh(): Promise<void> {
    return this.connection.refresh();
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.connection.stop();
    this.root.replaceChildren();
  }

  private tryTo(work: Promise<void>, failure: "exampleFailed"): Promise<void> {
    return work.catch((error: unknown) => this.notices.show("error", t(failure), lineOf(error)));
  }
}
