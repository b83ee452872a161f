/** The project's categories on this page: changed, undone and done again here, and read again where somebody else did. */
import { recorded, withChangeMoved, withoutCategorySteps } from "../document/history";
import type { WireCategories, WireCategory, WireCategoryChange } from "../document/protocol";
import type { CategoriesApi } from "../saving/categories";
import { RefusedError, lineOf } from "../saving/errors";
import type { Saver } from "../saving/saver";
import type { Notice } from "./notice";
import type { Store } from "./store";
import type { View } from "./view";

/** Gestures on their way come first: an undo would find categories in use. */
const SAVING_MS = 3000;

export type Direction = "undo" | "redo";

export interface ProjectCategoriesOptions {
  readonly view: Store<View>;
  readonly api: Pick<CategoriesApi, "list" | "add" | "undo" | "redo">;
  readonly saver: Pick<Saver, "whenSaved">;
  /** Pictures that were fetched ahead have other categories. */
  readonly forgetAhead: () => void;
  /** Reads the queue again, and the open picture. */
  readonly readAgain: () => Promise<unknown>;
  readonly notice: Notice;
}

export class ProjectCategories {
  private readonly listeners: ((direction: Direction, change: WireCategoryChange) => void)[] = [];
  private own = false;
  /** How many changes of this page are on their way: what the server tells meanwhile may be one of them. */
  private onTheirWay = 0;

  constructor(private readonly options: ProjectCategoriesOptions) {}

  /** Whether the categories that the view is given at this moment are this page's own work. */
  isOwn(): boolean {
    return this.own;
  }

  /** Calls back with what a step of undo or redo has changed. */
  onRetraced(listener: (direction: Direction, change: WireCategoryChange) => void): void {
    this.listeners.push(listener);
  }

  /** A change that is made here is a step of undo. Rejects as the request does. */
  async make(work: Promise<WireCategories>): Promise<WireCategories> {
    const answer = await this.counted(work);
    this.record(answer.change);
    this.show(answer, true);
    return answer;
  }

  async add(name: string): Promise<WireCategory> {
    const { view, api, forgetAhead } = this.options;
    const { change, ...category } = await this.counted(api.add(name));
    forgetAhead();
    this.record(change);
    const { categories } = view.get();
    if (!categories.some((one) => one.id === category.id)) view.set({ categories: [...categories, category] });
    return category;
  }

  /** The project's last change is undone, or the last undone one made again, whoever that was. Rejects as the request does. */
  async retrace(direction: Direction, change: number): Promise<WireCategories> {
    const { view, api, saver } = this.options;
    await saver.whenSaved(SAVING_MS);
    const answer = await this.counted(api[direction](change));
    view.set({ history: withChangeMoved(view.get().history, change, direction) });
    this.show(answer, true);
    return answer;
  }

  /** The same as a step of this page, whose categories may be others by now. */
  async step(direction: Direction, change: number): Promise<void> {
    const { view, notice } = this.options;
    try {
      const { undo, redo } = await this.retrace(direction, change);
      const made = direction === "undo" ? redo : undo;
      if (made !== null) for (const listener of this.listeners) listener(direction, made);
    } catch (error) {
      // A server that cannot be reached may be asked again.
      if (error instanceof RefusedError && error.status < 500) view.set({ history: withoutCategorySteps(view.get().history) });
      notice("error", direction === "undo" ? "categoriesNotUndone" : "categoriesNotRedone", lineOf(error));
    }
  }

  /** The server told its version. A shape on its way is not disturbed: the version will be told again. */
  async follow(version: string): Promise<void> {
    const { categoryVersion, draft } = this.options.view.get();
    if (version === categoryVersion || draft !== null || this.onTheirWay > 0) return;
    const answer = await this.options.api.list().catch(() => null);
    if (answer !== null && this.onTheirWay === 0) this.show(answer, false);
  }

  private async counted<T>(work: Promise<T>): Promise<T> {
    this.onTheirWay++;
    try {
      return await work;
    } finally {
      this.onTheirWay--;
    }
  }

  private record(change: number | null | undefined): void {
    const { view } = this.options;
    if (typeof change === "number") view.set({ history: recorded(view.get().history, { change }) });
  }

  /** What was merged or removed is read again where it is seen. */
  private show({ categories, version }: WireCategories, own: boolean): void {
    this.options.forgetAhead();
    this.own = own;
    try {
      this.options.view.set({ categories, categoryVersion: version });
    } finally {
      this.own = false;
    }
    void this.options.readAgain();
  }
}
