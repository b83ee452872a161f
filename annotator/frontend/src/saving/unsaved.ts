/** Pictures whose latest gestures the server does not have yet. */
import type { Edit, Instance, Scene } from "../document/scene";
import { find, keyOf, sameInstance } from "../document/scene";

export class UnsavedScenes {
  private readonly scenes = new Map<number, Scene>();
  /** How the changed instances stood on the server before; null: they did not exist. */
  private readonly bases = new Map<number, Map<string, Instance | null>>();

  get(imageId: number): Scene | undefined {
    return this.scenes.get(imageId);
  }

  has(imageId: number): boolean {
    return this.scenes.has(imageId);
  }

  remember(before: Scene, after: Scene, edits: readonly Edit[]): void {
    const bases = this.bases.get(before.imageId) ?? new Map<string, Instance | null>();
    for (const key of edits.map(keyOf)) if (!bases.has(key)) bases.set(key, find(before, key));
    this.bases.set(before.imageId, bases);
    this.scenes.set(after.imageId, after);
  }

  /** Everything of this picture is saved, or given up. */
  drop(imageId: number): void {
    this.scenes.delete(imageId);
    this.bases.delete(imageId);
  }

  /** Whether somebody else has changed one of the instances that gestures of ours touched. */
  clashes(theirs: Scene, touched: readonly string[]): boolean {
    const bases = this.bases.get(theirs.imageId);
    if (bases === undefined) return true;
    return touched.some((key) => !bases.has(key) || !sameInstance(find(theirs, key), bases.get(key)!));
  }
}
