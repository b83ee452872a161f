/** What each command does. Keys, buttons and tests all come through here. */
import { categoriesByDigit } from "../document/digits";
import { withoutHoles, withoutSpecks } from "../document/paint";
import type { QueueImage } from "../document/protocol";
import type { Instance } from "../document/scene";
import { find, isLocked } from "../document/scene";
import type { BoxMasks } from "../editing/boxmasks";
import type { Drawing } from "../editing/drawing";
import { toggleHidden, toggleLock } from "../editing/flags";
import { makeHoles, makeInstances, makeParts } from "../editing/holes";
import type { Levels } from "../editing/levels";
import { POINT_TOOL } from "../editing/readiness";
import {
  accept,
  acceptVisible,
  beginTriage,
  likelyCategory,
  putAside,
  reject,
  relabel,
  setTriage,
  step,
  targets,
  toggleCrowd,
} from "../editing/review";
import { copy, duplicate, merge, nudge, paste, reshape, separate } from "../editing/shapes";
import type { Session } from "../session/session";
import { START_VIEW, peekedInstances } from "../session/view";
import type { Stage } from "../stage/stage";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { resizeBrush } from "../tools/brush";
import type { ToolId } from "../tools/registry";
import { TOOLS } from "../tools/registry";
import { offer } from "../tools/tool";
import type { CommandId, TakeCommand } from "./keys";
import { endsWhatWasBegun, keyValues, takeCommand } from "./keys";
import { reasonWhyNot } from "./reasons";

const THRESHOLD_STEP = 0.05;
/** Pieces of fewer pixels are specks. */
const SPECK = 30;

export interface CommandContext {
  readonly session: Session;
  readonly stage: Stage;
  readonly drawing: Drawing;
  readonly levels: Levels;
  readonly boxMasks: BoxMasks;
  readonly pickCategory: (current: number | null, anchor: Element | null) => Promise<number | null>;
  readonly openSimplify: (instance: Instance) => void;
  readonly showKeys: () => void;
  /** The search field above the list of pictures gets the keys. */
  readonly search: () => void;
  readonly showCategories: () => void;
  /** Asks which instances are to be accepted or rejected together. */
  readonly decideAboutMany: () => void;
  readonly showFlags: () => void;
  /** Opens or closes the panel at one side. */
  readonly fold: (side: "queue" | "panel") => void;
  /** Says why a key has done nothing, or what it did where that is not to be seen. */
  readonly answer: (text: string) => void;
}

type Actions = Readonly<Record<CommandId, () => void>>;

export class Commands {
  private readonly actions: Actions;

  constructor(private readonly context: CommandContext) {
    this.actions = { ...this.takeActions(), ...this.reviewActions(), ...this.editActions(), ...this.viewActions() };
    const { session } = context;
    const { view } = session;
    view.subscribe((now, before) => {
      if (!now.triage || now.scene === null) return;
      const opened = now.scene.imageId !== before.scene?.imageId;
      // The threshold may hide what is asked about, or show more where all was decided.
      if (!opened && (now.threshold === before.threshold || now.selection.length > 0)) return;
      beginTriage(session);
      if (opened || before.selection.length > 0 || view.get().selection.length > 0) this.follow();
    });
  }

  run(id: CommandId): void {
    const { stage, levels } = this.context;
    // A level that a key has moved counts before anything else is done with it.
    if (id !== "shrinkMask" && id !== "growMask" && id !== "cancel") levels.finish();
    this.context.session.effort.give(id);
    const tool = stage.tool();
    tool.settle?.();
    if (offer(tool, id)) return;
    if (endsWhatWasBegun(id)) tool.keep?.();
    const { view } = this.context.session;
    const before = view.get();
    this.actions[id]();
    if (view.get() === before) this.say(reasonWhyNot(id, this.context.session, tool));
  }

  /** No key is silent: says why one has changed nothing, where that is not to be seen. */
  private say(reason: StringKey | null, values: Readonly<Record<string, string | number>> = {}): void {
    if (reason !== null) this.context.answer(t(reason, { ...keyValues(), ...values }));
  }

  /** The key of a command that lasts as long as its key is held was let go. */
  release(): void {
    this.context.session.view.set({ peek: false });
  }

  /** A key was let go: what was done while it was held is one gesture. */
  settle(): void {
    this.context.levels.settle();
    this.context.stage.tool().settle?.();
  }

  /** A digit relabels what is selected; false where nothing is, and the digit is the key of a command. */
  digit(digit: number, isKey: boolean): boolean {
    const { session } = this.context;
    const before = session.view.get();
    const category = categoriesByDigit(before.categories).get(digit);
    if (before.selection.length === 0 && isKey) return false;
    if (category === undefined) this.say("noSuchCategory", { n: digit });
    else if (before.selection.length === 0) this.say("selectFirst");
    else {
      this.changeAndFollow(() => relabel(session, category.id));
      if (session.view.get() === before) this.say(targets(session).some(isLocked) ? "isLocked" : "categoryAlready");
    }
    return true;
  }

  /** Picks a category for what is selected, or for new instances where nothing is. */
  async chooseCategory(anchor: Element | null): Promise<void> {
    const { session, stage } = this.context;
    const { view } = session;
    const chosen = targets(session);
    const current = chosen.length > 0 ? chosen[0].category : likelyCategory(session);
    const { imageId } = view.get().scene ?? { imageId: null };
    const id = await this.context.pickCategory(current, anchor);
    stage.element.focus({ preventScroll: true });
    const { scene } = view.get();
    if (id === null || scene === null || scene.imageId !== imageId) return;
    if (chosen.length === 0) view.set({ category: id });
    else this.changeAndFollow(() => relabel(session, id, chosen.flatMap((one) => find(scene, one.key) ?? [])));
  }

  /** Opens a picture at one of its instances. */
  async openAt(imageId: number, key: string): Promise<void> {
    const { session, stage } = this.context;
    const { view } = session;
    if (view.get().scene?.imageId !== imageId) await session.open(imageId);
    const { scene } = view.get();
    const instance = scene === null || scene.imageId !== imageId ? null : find(scene, key);
    if (instance === null) return;
    view.set({ tool: START_VIEW.tool, selection: [key], ...(instance.state === "rejected" ? { showRejected: true } : {}) });
    stage.zoomTo([instance]);
    stage.element.focus({ preventScroll: true });
  }

  private takeActions(): Pick<Actions, TakeCommand> {
    const actions = TOOLS.map(({ id }) => [takeCommand(id), () => this.takeUp(id)] as const);
    return Object.fromEntries(actions) as Pick<Actions, TakeCommand>;
  }

  private reviewActions() {
    const { session } = this.context;
    const { view } = session;
    return {
      accept: () => this.changeAndFollow(() => accept(session)),
      reject: () => this.changeAndFollow(() => reject(session)),
      relabel: () => void this.chooseCategory(null),
      categories: () => this.context.showCategories(),
      adjust: () => this.adjust(),
      next: () => this.changeAndFollow(() => step(session, 1)),
      previous: () => this.changeAndFollow(() => step(session, -1)),
      triage: () => this.changeAndFollow(() => setTriage(session, !view.get().triage)),
      gallery: () => view.set({ gallery: !view.get().gallery }),
      acceptAll: () => this.acceptAll(),
      notReviewed: () => session.commit("review", [], false),
      acceptPicture: () => void session.reviewing.accept(),
      sendBack: () => session.reviewing.note(),
      bulk: () => this.context.decideAboutMany(),
      markReviewed: () => this.finish(() => session.commit("review", [], true)),
      lowerThreshold: () => this.shiftThreshold(-THRESHOLD_STEP),
      raiseThreshold: () => this.shiftThreshold(THRESHOLD_STEP),
      peek: () => this.peek(),
      previousPicture: () => this.openNeighbour(-1),
      nextPicture: () => this.openNeighbour(1),
      search: () => this.context.search(),
    };
  }

  private editActions() {
    const { session, stage, levels } = this.context;
    const nudgeBy = (dx: number, dy: number) => () => nudge(session, targets(session), dx, dy);
    const convert = (change: typeof makeHoles) => () => void change(session, targets(session), stage.pointUnderPointer());
    // The tool in hand uses these, or nothing does.
    const nothing = (): void => {};
    return {
      shrinkMask: () => void levels.step("smaller"),
      growMask: () => void levels.step("larger"),
      brushSmaller: () => this.resizeBrush(-1),
      brushLarger: () => this.resizeBrush(1),
      cancel: () => this.cancel(),
      undo: () => void session.undo().then(() => this.followRetraced()),
      redo: () => void session.redo().then(() => this.followRetraced()),
      copy: () => this.copy(),
      crowd: () => toggleCrowd(session),
      flags: () => this.context.showFlags(),
      lock: () => toggleLock(session, targets(session)),
      paste: () => paste(session),
      duplicate: () => duplicate(session, targets(session)),
      merge: () => merge(session, targets(session)),
      separate: () => separate(session, targets(session)),
      fillHoles: () => reshape(session, targets(session), withoutHoles),
      dropSpecks: () => reshape(session, targets(session), (window) => withoutSpecks(window, SPECK)),
      simplify: () => this.simplify(),
      nudgeLeft: nudgeBy(-1, 0),
      nudgeRight: nudgeBy(1, 0),
      nudgeUp: nudgeBy(0, -1),
      nudgeDown: nudgeBy(0, 1),
      predict: () => this.predict(),
      fillBoxes: () => void this.context.boxMasks.fill(),
      makeHoles: convert(makeHoles),
      makeParts: convert(makeParts),
      makeInstances: convert(makeInstances),
      nextVertex: nothing,
      previousVertex: nothing,
      nextHandle: nothing,
      addVertex: nothing,
      // With that tool in hand, the pointer moved by keys has used these.
      pointBeside: () => this.takeUp(POINT_TOOL),
      pointBox: () => this.takeUp(POINT_TOOL),
      deleteVertex: nothing,
    };
  }

  private viewActions() {
    const { session, stage, showKeys, fold } = this.context;
    const { view } = session;
    return {
      fit: () => stage.fitPicture(),
      actualSize: () => stage.showActualSize(),
      zoomIn: () => stage.zoom(1),
      zoomOut: () => stage.zoom(-1),
      hideAll: () => view.set({ hideAll: !view.get().hideAll, hover: null }),
      hideOne: () => toggleHidden(session, targets(session)),
      // Without a selection nothing would be seen to change, until one is made.
      isolate: () => view.set({ isolate: !view.get().isolate && view.get().selection.length > 0 }),
      showLabels: () => view.set({ showLabels: !view.get().showLabels }),
      showRejected: () => view.set({ showRejected: !view.get().showRejected, hover: null }),
      foldQueue: () => fold("queue"),
      foldPanel: () => fold("panel"),
      help: () => showKeys(),
    };
  }

  private peek(): void {
    const { view } = this.context.session;
    if (peekedInstances({ ...view.get(), peek: true }).length > 0) view.set({ peek: true });
  }

  private takeUp(tool: ToolId): void {
    this.context.session.view.set({ tool, hover: null });
  }

  /** After the selection has moved on, the selected instance is in sight; in triage it fills the view. */
  private changeAndFollow(change: () => void): void {
    change();
    this.follow();
  }

  private follow(): void {
    const { session, stage } = this.context;
    const { scene, selection, triage } = session.view.get();
    const instance = scene === null ? null : find(scene, selection.at(-1) ?? null);
    if (triage && (instance === null || instance.state !== "suggested")) stage.fitPicture();
    else if (triage && instance !== null) stage.zoomTo([instance]);
    else if (instance !== null) stage.reveal(instance);
  }

  /** What a step back or forth has changed is in sight; in triage it is asked about again. */
  private followRetraced(): void {
    const { session, stage } = this.context;
    const { scene, selection, triage, gallery } = session.view.get();
    if (scene === null || gallery) return;
    if (triage && selection.length === 0) beginTriage(session);
    const instance = find(scene, session.view.get().selection.at(-1) ?? null);
    if (triage && instance?.state === "suggested") this.follow();
    else if (instance !== null) stage.reveal(instance);
  }

  private copy(): void {
    const chosen = targets(this.context.session);
    copy(chosen);
    if (chosen.length > 0) this.say("copied", { n: chosen.length });
  }

  /** Where no ring around the pointer shows the size, it is said. */
  private resizeBrush(direction: 1 | -1): void {
    const { session, stage } = this.context;
    const before = session.view.get().brushSize;
    resizeBrush(session, direction);
    const { brushSize } = session.view.get();
    if (stage.tool().adds !== true || brushSize === before) this.say("brushSize", { n: brushSize });
  }

  private predict(): void {
    const { session, drawing } = this.context;
    for (const instance of targets(session)) void drawing.predictAgain(instance);
  }

  private simplify(): void {
    const chosen = targets(this.context.session);
    if (chosen.length === 1) this.context.openSimplify(chosen[0]);
  }

  private adjust(): void {
    if (putAside(this.context.session)) return this.follow();
    this.takeUp("select");
    this.context.stage.zoomTo(targets(this.context.session));
  }

  private acceptAll(): void {
    const { scene } = this.context.session.view.get();
    this.finish(() => acceptVisible(this.context.session));
    // Nobody has looked for anything: that the picture counts as empty from now on is to be heard.
    if (scene !== null && !scene.prelabelled && scene.instances.length === 0) this.say("markedEmpty", { name: scene.name });
  }

  private finish(decide: () => void): void {
    const { session } = this.context;
    if (session.view.get().scene === null || session.view.get().opening !== null) return;
    decide();
    void session.openNextToDo();
  }

  private openNeighbour(direction: 1 | -1): void {
    const { session } = this.context;
    const open = (image: QueueImage | null): void => {
      if (image !== null) void session.open(image.id);
      else this.say(direction < 0 ? "noPictureBefore" : "noPictureAfter");
    };
    const here = session.list.neighbourHere(direction);
    if (here !== undefined) open(here);
    else void session.list.neighbour(direction).then(open);
  }

  /** What was begun is given up first, then the tool is put away, then triage, then the selection. */
  private cancel(): void {
    const { session, stage, levels } = this.context;
    if (stage.tool().cancel() || levels.cancel()) return;
    const { tool, selection, triage } = session.view.get();
    if (tool !== START_VIEW.tool && !(stage.tool().adds && selection.length > 0)) this.takeUp("select");
    else if (triage) setTriage(session, false);
    else session.select([]);
  }

  private shiftThreshold(by: number): void {
    const { session } = this.context;
    const value = Math.round((session.view.get().threshold + by) * 100) / 100;
    session.setThreshold(Math.max(0, Math.min(1, value)));
  }
}
