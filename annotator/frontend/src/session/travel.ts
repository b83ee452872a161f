/** Undo and redo: one step after the other, on whichever picture it was made. */
import type { History, PictureStep, VerdictStep } from "../document/history";
import { forgotten, isCategoryStep, isVerdictStep, redone, undone } from "../document/history";
import type { WireCategory } from "../document/protocol";
import type { Edit, Instance, Scene } from "../document/scene";
import { find, keyOf, reversed, sameInstance } from "../document/scene";
import type { Direction } from "./categories";
import type { Store } from "./store";
import type { View } from "./view";

/** A key held down over a slow network must not go on for long after it was let go. */
const MOST_AT_ONCE = 5;

export interface TravelOptions {
  readonly view: Store<View>;
  readonly open: (imageId: number) => Promise<void>;
  /** A picture as it stands, open or not; null where it cannot be read. */
  readonly latest: (imageId: number) => Promise<Scene | null>;
  readonly apply: (scene: Scene, direction: Direction, edits: readonly Edit[], reviewed: boolean | undefined, note: string | undefined) => void;
  /** A step that changes the project's categories. */
  readonly changeCategories: (direction: Direction, change: number) => Promise<void>;
  /** Whether a change is refused because somebody else holds the open picture. */
  readonly refuses: () => boolean;
  /** A step of a reviewer. */
  readonly changeVerdict: (direction: Direction, step: VerdictStep) => Promise<void>;
  /** There is no step that way. */
  readonly onNothing: (direction: Direction) => void;
  /** Somebody else has changed what the step did: all steps of its picture are forgotten. */
  readonly onChanged: () => void;
}

export class Travel {
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly options: TravelOptions) {}

  /** A step on a picture that has to be read first lets the next ones wait, a few of them. */
  go(direction: Direction): Promise<void> {
    if (this.waiting >= MOST_AT_ONCE) return this.last;
    const work = this.waiting === 0 ? this.goNow(direction) : this.last.then(() => this.goNow(direction));
    this.waiting++;
    this.last = work.finally(() => this.waiting--);
    return this.last;
  }

  private async goNow(direction: Direction): Promise<void> {
    const { view, open, latest, onNothing } = this.options;
    const { history, opening, gallery } = view.get();
    const entry = (direction === "undo" ? history.past : history.future).at(-1);
    if (opening !== null) return;
    // Whoever holds a picture keeps nobody from judging it.
    if (entry !== undefined && isVerdictStep(entry)) return this.options.changeVerdict(direction, entry);
    if (this.options.refuses()) return;
    if (entry === undefined) return onNothing(direction);
    if (isCategoryStep(entry)) return this.options.changeCategories(direction, entry.change);
    // In the gallery the picture need not be seen.
    if (!gallery && view.get().scene?.imageId !== entry.imageId) await open(entry.imageId);
    const scene = gallery ? await latest(entry.imageId) : view.get().scene;
    if (scene?.imageId === entry.imageId && view.get().history === history) this.retrace(direction, entry, scene);
  }

  private retrace(direction: Direction, entry: PictureStep, scene: Scene): void {
    const { view, apply, onChanged } = this.options;
    const made = direction === "undo" ? reversed(entry.edits) : entry.edits;
    const edits = made.map((edit) => inLiveCategories(edit, view.get().categories));
    if (!edits.every((edit) => sameInstance(find(scene, keyOf(edit)), edit.before))) {
      view.set({ history: forgotten(view.get().history, entry.imageId) });
      return onChanged();
    }
    const history: History = (direction === "undo" ? undone : redone)(view.get().history);
    const reviewed = entry.reviewed === null ? undefined : entry.reviewed[direction === "undo" ? "before" : "after"];
    apply(scene, direction, edits, reviewed, entry.note?.[direction === "undo" ? "before" : "after"]);
    if (view.get().scene?.imageId !== entry.imageId) return view.set({ history });
    const selection = edits.flatMap((edit) => edit.after?.key ?? []);
    view.set({ history, selection: selection.length === 1 ? selection : [] });
  }
}

/** A step with the categories that its own were merged into since it was made. */
function inLiveCategories(edit: Edit, categories: readonly WireCategory[]): Edit {
  const live = (instance: Instance | null): Instance | null => {
    const into = instance === null ? undefined : categories.find(({ also }) => also?.includes(instance.category) === true);
    return instance === null || into === undefined ? instance : { ...instance, category: into.id };
  };
  return { before: live(edit.before), after: live(edit.after) };
}
