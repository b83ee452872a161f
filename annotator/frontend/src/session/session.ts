/** One person at work on one project: which picture is open, what changes on it, and what follows from that. */
import { editsForBoth } from "../document/both";
import type { PictureStep } from "../document/history";
import { forgotten, recorded } from "../document/history";
import type { Verb, WireDocument } from "../document/protocol";
import type { Edit, Instance, Scene } from "../document/scene";
import { applyEdits, find, isVisible, sceneOf, wireChange } from "../document/scene";
import { Ahead } from "../saving/ahead";
import type { Api } from "../saving/api";
import type { CategoriesApi } from "../saving/categories";
import { isGone, lineOf } from "../saving/errors";
import type { LeasesApi } from "../saving/leases";
import type { Saver } from "../saving/saver";
import type { VerdictsApi } from "../saving/verdicts";
import { UnsavedScenes } from "../saving/unsaved";
import { ProjectCategories } from "./categories";
import { Leasing } from "./leasing";
import type { Notice } from "./notice";
import { PictureQueue } from "./queue";
import { Reader } from "./reader";
import { Reviewing } from "./reviewing";
import { Store } from "./store";
import { Effort } from "./effort";
import { withoutLocked } from "./locks";
import { Travel } from "./travel";
import type { Draft, View } from "./view";
import { START_VIEW } from "./view";

export interface SessionOptions {
  readonly api: Pick<Api, "queue" | "nextToDo" | "document">;
  readonly categories: Pick<CategoriesApi, "list" | "add" | "undo" | "redo">;
  readonly leases: Pick<LeasesApi, "keep" | "next" | "leave">;
  readonly verdicts: Pick<VerdictsApi, "of" | "say">;
  readonly makeSaver: (session: Session) => Saver;
  readonly notice: Notice;
  /** Asks the browser to fetch and decode a picture ahead. */
  readonly preload: (url: string) => void;
  readonly now: () => number;
}

export class Session {
  readonly view = new Store<View>(START_VIEW);
  readonly list: PictureQueue;
  readonly saver: Saver;
  readonly categories: ProjectCategories;
  readonly leasing: Leasing;
  readonly reviewing: Reviewing;
  /** The threshold that the person chose, and the project's own at that time. */
  chosenThreshold: { readonly base: number; readonly value: number } | null = null;

  private readonly api: SessionOptions["api"];
  private readonly unsaved = new UnsavedScenes();
  private readonly ahead: Ahead;
  private readonly toReload = new Set<number>();
  private readonly editListeners: ((imageId: number, edits: readonly Edit[]) => void)[] = [];
  private readonly reader: Reader;
  private readonly travel: Travel;
  private projectThreshold = 0.5;
  readonly effort: Effort;

  constructor(private readonly options: SessionOptions) {
    this.api = options.api;
    this.ahead = new Ahead(options);
    this.saver = options.makeSaver(this);
    this.reader = new Reader({
      document: (imageId) => this.api.document(imageId),
      saver: this.saver,
      here: (imageId) => this.here(imageId),
      onFailed: (error) => options.notice("error", "openFailed", lineOf(error)),
    });
    this.categories = new ProjectCategories({
      view: this.view,
      api: options.categories,
      saver: this.saver,
      forgetAhead: () => this.ahead.clear(),
      readAgain: () => Promise.all([this.refreshQueue(), this.view.get().scene && this.revalidate(this.view.get().scene!.imageId)]),
      notice: options.notice,
    });
    this.travel = new Travel({
      view: this.view,
      open: (imageId) => this.open(imageId),
      latest: (imageId) => this.reader.latest(imageId),
      apply: (...step) => this.apply(...step),
      changeCategories: (...step) => this.categories.step(...step),
      refuses: () => this.leasing.refuses(),
      changeVerdict: (...step) => this.reviewing.step(...step),
      onNothing: (direction) => options.notice("info", direction === "undo" ? "nothingToUndo" : "nothingToRedo"),
      onChanged: () => options.notice("error", "undoChanged"),
    });
    this.list = new PictureQueue({
      api: this.api,
      threshold: () => this.view.get().threshold,
      categories: () => this.view.get().categories,
      open: () => this.imageId(),
      local: (imageId) => this.unsaved.get(imageId),
      onFailed: (error) => options.notice("error", "queueFailed", lineOf(error)),
      take: (asked, after) => this.leasing.next(asked, after),
      isTake: () => this.view.get().scene?.take === true,
    });
    this.leasing = new Leasing({ ...options, api: options.leases, view: this.view, queue: this.queue });
    this.reviewing = new Reviewing({ page: this, api: options.verdicts, notice: options.notice });
    this.queue.subscribe(() => {
      const { scene } = this.view.get();
      // The list may be read, for any reason, when the open picture was pre-labelled since it was read.
      if (scene?.prelabelled === false && this.list.row(scene.imageId)?.prelabelled === true) void this.revalidate(scene.imageId);
    });
    this.effort = new Effort(options.now);
  }

  get queue(): PictureQueue["view"] { return this.list.view; }

  // --- the queue ---

  refreshQueue(): Promise<void> { return this.list.refresh(); }

  imageId(): number | null {
    return this.view.get().opening ?? this.view.get().scene?.imageId ?? null;
  }

  // --- opening ---

  async open(imageId: number): Promise<void> {
    const kept = this.unsaved.get(imageId);
    if (kept !== undefined) return this.show(kept);
    this.view.set({ opening: imageId, hover: null });
    const ahead = this.ahead.take(imageId);
    try {
      const document = await (ahead?.document ?? this.api.document(imageId));
      if (this.view.get().opening !== imageId) return;
      this.showDocument(document);
      if (ahead?.fresh === false) void this.revalidate(imageId);
    } catch (error) {
      if (this.view.get().opening !== imageId) return;
      this.view.set({ opening: null });
      // The steps of a picture that is gone would stand in the way of all earlier ones.
      if (isGone(error)) this.view.set({ history: forgotten(this.view.get().history, imageId) });
      this.options.notice("error", "openFailed", lineOf(error));
    }
  }

  /** Fetches a picture and its document ahead, so that opening it takes no time. */
  prefetch(imageId: number): void {
    if (!this.unsaved.has(imageId) && imageId !== this.imageId()) this.ahead.fetch(imageId);
  }

  /** Reads the open picture again, unless it has gestures that the server does not know yet. False: it is gone. */
  async revalidate(imageId: number): Promise<boolean> {
    this.ahead.clear();
    if (this.saver.unsaved(imageId) > 0) {
      this.toReload.add(imageId);
      return true;
    }
    const document = await this.api.document(imageId).catch((error: unknown) => (isGone(error) ? "gone" : null));
    if (document === "gone") return false;
    const { scene, opening } = this.view.get();
    if (document === null || scene?.imageId !== imageId || opening !== null || this.saver.unsaved(imageId) > 0) return true;
    // Suggestions come and go without a revision, which counts what people did.
    const known = new Map(scene.instances.map((one) => [one.key, one.category]));
    const same =
      document.revision === this.saver.revision(imageId) &&
      document.image.prelabelled === scene.prelabelled && (document.image.blind === true) === (scene.blind === true) &&
      document.instances.length === known.size &&
      document.instances.every((one) => known.get(one.key) === one.category);
    if (same) this.view.set(this.projectIn(document));
    else this.replace(document);
    return true;
  }

  /** A picture has left for the bin: what is not saved yet is saved there, unless it waits for a choice. */
  forget(imageId: number): void {
    if (this.saver.isHeld(imageId)) this.saver.takeTheirs(imageId);
    if (this.saver.unsaved(imageId) === 0) this.onSettled(imageId);
    this.view.set({ history: forgotten(this.view.get().history, imageId), conflict: this.saver.firstHeld() });
    if (this.imageId() === imageId) this.close();
  }

  /** The picture itself did not come, or is none. */
  pictureFailed(): void { this.options.notice("error", "openFailed", this.view.get().scene?.name); }

  close(): void { this.view.set({ scene: null, opening: null, selection: [], hover: null, draft: null }); }

  private showDocument(document: WireDocument): void {
    const { id } = document.image;
    this.saver.noteLoaded(id, document.revision);
    // A closed tab's gestures are still on their way: what they did is shown once they are saved.
    if (this.saver.unsaved(id) > 0) this.toReload.add(id);
    this.view.set(this.projectIn(document));
    this.show(sceneOf(document));
  }

  private show(scene: Scene): void {
    this.effort.begin();
    this.view.set({ scene, opening: null, selection: [], hover: null, draft: null, aside: [] });
  }

  /** The same picture with what the server has; the selection stays where it can. */
  private replace(document: WireDocument): void {
    const scene = sceneOf(document);
    this.saver.noteLoaded(scene.imageId, document.revision);
    const selection = this.view.get().selection.filter((key) => find(scene, key) !== null);
    this.view.set({ scene, ...this.projectIn(document), selection, hover: null, draft: null });
  }

  /** What a picture's document says of the whole project. */
  private projectIn({ threshold, categories, category_version }: WireDocument): Pick<View, "threshold" | "categories" | "categoryVersion"> {
    this.projectThreshold = threshold;
    const chosen = this.chosenThreshold;
    return { threshold: chosen !== null && chosen.base === threshold ? chosen.value : threshold, categories, categoryVersion: category_version };
  }

  /** Hides suggestions under a score; a person's choice holds for all pictures until the project's own value changes. */
  setThreshold(value: number): void {
    this.chosenThreshold = { base: this.projectThreshold, value };
    const view = { ...this.view.get(), threshold: value };
    const { scene, selection } = view;
    const shown = selection.filter((key) => {
      const instance = scene && find(scene, key);
      return instance && isVisible(instance, view);
    });
    this.view.set({ threshold: value, selection: shown.length === selection.length ? selection : shown });
  }

  // --- what is selected and shown ---

  select(keys: readonly string[]): void {
    const { selection } = this.view.get();
    const same = keys.length === selection.length && keys.every((key, index) => key === selection[index]);
    if (!same) this.view.set({ selection: keys });
  }

  /** A shape on its way, in place of the instance's own; null: as it is. */
  showDraft(draft: Draft | null): void {
    this.view.set({ draft });
  }

  // --- changing ---

  /** One gesture: shown at once, one undo step, sent in the background. */
  commit(verb: Verb, wanted: readonly Edit[], reviewed?: boolean): void {
    const { scene, history } = this.view.get();
    const edits = withoutLocked(verb, wanted);
    if (edits.length < wanted.length) this.showDraft(null);
    if (this.leasing.refuses()) return this.showDraft(null);
    if (scene === null || (edits.length === 0 && (reviewed === undefined || reviewed === scene.reviewed))) return;
    const flag = reviewed === undefined ? null : { before: scene.reviewed, after: reviewed };
    const entry: PictureStep = { imageId: scene.imageId, edits, reviewed: flag };
    this.apply(scene, verb, edits, reviewed);
    // What is new is to be seen, also where everything was hidden while it was drawn.
    const adds = edits.some(({ before }) => before === null);
    this.view.set({ history: recorded(history, entry), ...(adds ? { hideAll: false } : {}) });
  }

  /** Another note of the open picture. */
  writeNote(after: string): void {
    const { scene, history } = this.view.get();
    if (scene === null || scene.note === after || this.leasing.refuses()) return;
    this.apply(scene, "note", [], undefined, after);
    this.view.set({ history: recorded(history, { imageId: scene.imageId, edits: [], reviewed: null, note: { before: scene.note, after } }) });
  }

  undo(): Promise<void> { return this.travel.go("undo"); }
  redo(): Promise<void> { return this.travel.go("redo"); }

  /** One gesture on any picture, open or not; `edit` is given the picture as it stands. False: it could not be read. */
  async commitOn(imageId: number, verb: Verb, edit: (scene: Scene) => readonly Edit[]): Promise<boolean> {
    const scene = await this.reader.latest(imageId);
    if (scene === null) return false;
    const edits = withoutLocked(verb, edit(scene));
    if (edits.length === 0) return true;
    this.apply(scene, verb, edits, undefined);
    this.view.set({ history: recorded(this.view.get().history, { imageId, edits, reviewed: null }) });
    return true;
  }

  /** A picture with every gesture of this tab, where it need not be read. */
  private here(imageId: number): Scene | undefined {
    const { scene } = this.view.get();
    return scene?.imageId === imageId ? scene : this.unsaved.get(imageId);
  }

  private apply(scene: Scene, verb: Verb, edits: readonly Edit[], reviewed?: boolean, note?: string): void {
    // Masks that came back from the server are other objects than those in the history: the scene's own stay.
    const next = applyEdits(scene, edits, reviewed, note);
    this.unsaved.remember(scene, next, edits);
    this.ahead.drop(scene.imageId);
    const { threshold, tool } = this.view.get();
    if (this.view.get().scene?.imageId === scene.imageId) this.showEdited(next);
    this.list.patch(next);
    const body = { verb, changes: edits.map(wireChange), threshold, ...this.effort.take(verb, tool), ...(note === undefined ? {} : { note }) };
    this.saver.push(scene.imageId, reviewed === undefined ? body : { ...body, reviewed });
    for (const listener of this.editListeners) listener(scene.imageId, edits);
  }

  private showEdited(next: Scene): void {
    const { selection, hover } = this.view.get();
    const stays = (key: string): boolean => find(next, key) !== null;
    this.view.set({
      scene: next,
      draft: null,
      selection: selection.every(stays) ? selection : selection.filter(stays),
      hover: hover !== null && stays(hover) ? hover : null,
    });
  }

  /** Calls back with every change of an instance, on whichever picture. */
  onEdits(listener: (imageId: number, edits: readonly Edit[]) => void): void {
    this.editListeners.push(listener);
  }

  // --- the whole picture ---

  visible(): Instance[] {
    const view = this.view.get();
    return view.scene === null ? [] : view.scene.instances.filter((one) => isVisible(one, view));
  }

  /** The next picture of the list that is not reviewed; in a search without such a one, the next that it found. */
  async openNextToDo(): Promise<void> {
    const from = this.imageId();
    const searched = this.queue.get().asked.query !== "";
    const next = (await this.list.takeNext()) ?? (searched ? await this.list.neighbour(1) : null);
    if (this.imageId() !== from) return;
    if (next === null) return this.options.notice("info", searched ? "listEnd" : "allReviewed");
    await this.open(next.id);
  }

  // --- what the saver reports ---

  onSettled(imageId: number): void {
    this.unsaved.drop(imageId);
    this.ahead.drop(imageId);
    if (this.toReload.delete(imageId)) void this.reload(imageId);
  }

  onRefused(imageId: number, line: string): void {
    this.toReload.add(imageId);
    this.options.notice("error", "refused", line);
  }

  onClosed(imageId: number, line: string): void { this.options.notice("error", "pictureClosed", [this.here(imageId)?.name ?? this.list.row(imageId)?.name, line].filter(Boolean).join(", ")); }

  /** Somebody else changed the picture. Where they touched other instances than ours, nothing is in question. */
  async onConflict(imageId: number): Promise<void> {
    const document = await this.api.document(imageId).catch(() => null);
    const touched = this.saver.pending(imageId).flatMap(({ body }) => body.changes.map((change) => change.key));
    if (document !== null && !this.unsaved.clashes(sceneOf(document), touched)) {
      this.toReload.add(imageId);
      return this.saver.keepMine(imageId, document.revision);
    }
    this.view.set({ conflict: this.saver.firstHeld() });
  }

  async resolveConflict(choice: "mine" | "theirs" | "both"): Promise<void> {
    const imageId = this.view.get().conflict;
    if (imageId === null) return;
    try {
      if (choice === "mine") {
        const document = await this.api.document(imageId);
        this.toReload.add(imageId);
        this.saver.keepMine(imageId, document.revision);
      } else if (choice === "both") {
        await this.keepBoth(imageId);
      } else {
        this.saver.takeTheirs(imageId);
        this.onSettled(imageId);
        await this.reload(imageId);
      }
      // Another picture may have been changed elsewhere meanwhile: one question after the other.
      this.view.set({ conflict: this.saver.firstHeld() });
    } catch (error) {
      this.options.notice("error", "openFailed", lineOf(error));
    }
  }

  private async keepBoth(imageId: number): Promise<void> {
    const document = await this.api.document(imageId);
    if (this.imageId() !== imageId || this.view.get().opening !== null) await this.open(imageId);
    if (this.view.get().scene?.imageId !== imageId) return;
    const theirs = sceneOf(document);
    const clashes = (key: string): boolean => this.unsaved.clashes(theirs, [key]);
    const gestures = this.saver.pending(imageId).map(({ body }) => body);
    const edits = editsForBoth(theirs, this.unsaved.get(imageId), gestures, clashes);
    const reviewed = gestures.findLast((one) => one.reviewed !== undefined)?.reviewed;
    // In one go, so that at no moment neither the old gestures nor the new one is kept.
    this.saver.takeTheirs(imageId);
    this.onSettled(imageId);
    this.view.set({ history: forgotten(this.view.get().history, imageId) });
    this.replace(document);
    const { scene } = this.view.get();
    this.commit("edit", edits.map(({ before, after }) => ({ before: before && find(scene!, before.key), after })), reviewed);
  }

  private async reload(imageId: number): Promise<void> {
    void this.refreshQueue();
    if (this.imageId() !== imageId) return;
    const document = await this.api.document(imageId).catch(() => null);
    if (document === null || this.view.get().scene?.imageId !== imageId || this.saver.unsaved(imageId) > 0) return;
    this.replace(document);
  }
}
