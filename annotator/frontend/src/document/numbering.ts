/** Numbers that tell a picture's instances apart, in the list and over the picture. */
import type { Instance, Scene } from "./scene";

export class Numbering {
  private scene: Scene | null = null;
  private readonly numbers = new Map<string, number>();

  /** From 1 in the scene's order; what is added counts on, and what has a number keeps it while the picture is open. */
  of({ key }: Instance, scene: Scene): number {
    if (scene !== this.scene) {
      if (scene.imageId !== this.scene?.imageId) this.numbers.clear();
      this.scene = scene;
      for (const one of scene.instances) if (!this.numbers.has(one.key)) this.numbers.set(one.key, this.numbers.size + 1);
    }
    return this.numbers.get(key) ?? 0;
  }
}
