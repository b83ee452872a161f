/** What each command does. Keys, buttons and tests all come through here. */
import { withoutHoles, withoutSpecks } from "../document/paint";
import type { QueueImage } from "../document/protocol";
import type { Instance } from "../document/scene";
import { find } from "../document/scene";
import type { Drawing } from "../editing/drawing";
import { makeHoles, makeInstances, makeParts } from "../editing/holes";
import type { Levels } from "../editing/levels";
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
import { START_VIEW } from "../session/view";
import type { Stage } from "../stage/stage";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { resizeBrush } from "../tools/brush";
import type { ToolId } from "../tools/registry";
import { TOOLS } from "../tools/registry";
import { offer } from "../tools/tool";
import type { CommandId, TakeCommand } from "./keys";
import { takeCommand } from "./keys";

const THRESHOLD_STEP = 0.05;
/** Pieces of fewer pixels are specks. */
const SPECK = 30;

export interface CommandContext {
  readonly session: Session;
  readonly stage: Stage;
  readonly drawing: Drawing;
  readonly levels: Levels;
  /** The picture before or after the open one in the list. */
  readonly neighbour: (direction: 1 | -1) => QueueImage | null;
  readonly pickCategory: (current: number | null, anchor: Element | null) => Promise<number | null>;
  readonly openSimplify: (instance: Instance) => void;
  readonly showKeys: () => void;
  readonly notice: (text: string) => void;
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
    const tool = stage.tool();
    tool.settle?.();
    if (!offer(tool, id)) this.actions[id]();
  }

  /** A key was let go: what was done while it was held is one gesture. */
  settle(): void {
    this.context.levels.settle();
    this.context.stage.tool().settle?.();
  }

  /** A digit relabels what is selected; true where there was something to relabel. */
  digit(digit: number): boolean {
    const { session } = this.context;
    const { selection, categories } = session.view.get();
    const category = categories[digit - 1];
    if (selection.length === 0) return false;
    if (category !== undefined) this.changeAndFollow(() => relabel(session, category.id));
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
      adjust: () => this.adjust(),
      next: () => this.changeAndFollow(() => step(session, 1)),
      previous: () => this.changeAndFollow(() => step(session, -1)),
      triage: () => this.changeAndFollow(() => setTriage(session, !view.get().triage)),
      gallery: () => view.set({ gallery: !view.get().gallery }),
      acceptAll: () => this.finish(() => acceptVisible(session)),
      markReviewed: () => this.finish(() => session.commit("review", [], true)),
      lowerThreshold: () => this.shiftThreshold(-THRESHOLD_STEP),
      raiseThreshold: () => this.shiftThreshold(THRESHOLD_STEP),
      previousPicture: () => this.openNeighbour(-1),
      nextPicture: () => this.openNeighbour(1),
    };
  }

  private editActions() {
    const { session, levels } = this.context;
    const nudgeBy = (dx: number, dy: number) => () => nudge(session, targets(session), dx, dy);
    // The tool in hand uses these, or nothing does.
    const nothing = (): void => {};
    return {
      shrinkMask: () => void levels.step("smaller"),
      growMask: () => void levels.step("larger"),
      brushSmaller: () => resizeBrush(session, -1),
      brushLarger: () => resizeBrush(session, 1),
      cancel: () => this.cancel(),
      undo: () => void session.undo().then(() => this.followRetraced()),
      redo: () => void session.redo().then(() => this.followRetraced()),
      copy: () => copy(targets(session)),
      crowd: () => toggleCrowd(session),
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
      makeHoles: () => this.convert(makeHoles, "noInnerParts"),
      makeParts: () => this.convert(makeParts, "noHoles"),
      makeInstances: () => this.convert(makeInstances, "noHoles"),
      nextVertex: nothing,
      previousVertex: nothing,
      nextHandle: nothing,
      addVertex: nothing,
      deleteVertex: nothing,
    };
  }

  private viewActions() {
    const { session, stage, showKeys } = this.context;
    const { view } = session;
    return {
      fit: () => stage.fitPicture(),
      actualSize: () => stage.showActualSize(),
      zoomIn: () => stage.zoom(1),
      zoomOut: () => stage.zoom(-1),
      hideAll: () => view.set({ hideAll: !view.get().hideAll, hover: null }),
      isolate: () => view.set({ isolate: !view.get().isolate }),
      showLabels: () => view.set({ showLabels: !view.get().showLabels }),
      showRejected: () => view.set({ showRejected: !view.get().showRejected, hover: null }),
      help: () => showKeys(),
    };
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

  private convert(change: typeof makeHoles, nothing: StringKey): void {
    const { session, stage, notice } = this.context;
    if (!change(session, targets(session), stage.placeUnderPointer())) notice(t(nothing));
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

  private finish(decide: () => void): void {
    const { session } = this.context;
    if (session.view.get().scene === null || session.view.get().opening !== null) return;
    decide();
    void session.openNextToDo();
  }

  private openNeighbour(direction: 1 | -1): void {
    const image = this.context.neighbour(direction);
    if (image !== null) void this.context.session.open(image.id);
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
