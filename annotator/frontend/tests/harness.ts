/** A session over the server in memory, with time that the test moves. */
import type { Pending, SaveStatus, Shelf } from "../src/saver";
import { Saver } from "../src/saver";
import type { Instance, Scene } from "../src/scene";
import { sceneOf } from "../src/scene";
import type { NoticeText } from "../src/session";
import { Session } from "../src/session";
import type { FakeServer } from "./server";

export class MemoryShelf implements Shelf {
  readonly values = new Map<string, string>();
  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }
  removeItem(key: string): void {
    this.values.delete(key);
  }
  pending(key: string): readonly Pending[] {
    return JSON.parse(this.getItem(key) ?? "[]") as Pending[];
  }
}

export interface Harness {
  readonly session: Session;
  readonly statuses: SaveStatus[];
  readonly notices: NoticeText[];
  readonly shelf: MemoryShelf;
}

export function start(server: FakeServer, client = "tab", shelf = new MemoryShelf()): Harness {
  const statuses: SaveStatus[] = [];
  const notices: NoticeText[] = [];
  const session = new Session({
    api: server,
    makeSaver: (owner) =>
      new Saver({
        shelf,
        shelfKey: client,
        client,
        post: (imageId, gesture) => server.post(imageId, gesture),
        wait: () => new Promise((resolve) => setTimeout(resolve, 0)),
        onStatus: (status) => {
          statuses.push(status);
          owner.view.set({ status });
        },
        onConflict: (imageId) => void owner.onConflict(imageId),
        onRefused: (imageId, line) => owner.onRefused(imageId, line),
        onSettled: (imageId) => owner.onSettled(imageId),
      }),
    notice: (_kind, text) => notices.push(text),
    preload: () => {},
    now: () => 0,
  });
  return { session, statuses, notices, shelf };
}

/** Lets everything that waits for an answer of the server go on. */
export async function settle(turns = 12): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** What a person sees of a scene, without the identity of masks. */
export function seen(scene: Scene): unknown {
  const plain = ({ key, category, state, mask }: Instance): unknown => {
    const shape = mask.parts === null ? mask.rle : JSON.stringify(mask.parts);
    return { key, category, state, shape };
  };
  const byKey = (a: Instance, b: Instance): number => (a.key < b.key ? -1 : 1);
  return { reviewed: scene.reviewed, instances: scene.instances.toSorted(byKey).map(plain) };
}

export async function stored(server: FakeServer, imageId: number): Promise<unknown> {
  return seen(sceneOf(await server.document(imageId)));
}
