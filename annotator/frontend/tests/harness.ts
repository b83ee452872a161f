/** A session over the server in memory, with time that the test moves. */
import type { Instance, Scene } from "../src/document/scene";
import { sceneOf } from "../src/document/scene";
import type { Outbox, Pending, SaveStatus } from "../src/saving/pending";
import { Saver } from "../src/saving/saver";
import type { NoticeText } from "../src/session/notice";
import { Session } from "../src/session/session";
import type { FakeServer } from "./server";

/** What a browser keeps, and gives to the next tab. */
export class MemoryOutbox implements Outbox {
  private kept: Pending[] = [];
  put(gesture: Pending): void {
    this.kept.push(gesture);
  }
  drop(gestures: readonly Pending[], next?: Pending): void {
    const same = (a: Pending, b?: Pending): boolean => a.client === b?.client && a.number === b.number;
    this.kept = this.kept.filter((one) => !gestures.some((other) => same(one, other)));
    if (next !== undefined) this.kept = this.kept.map((one) => (same(one, next) ? next : one));
  }
  pending(): readonly Pending[] {
    return this.kept;
  }
}

export interface Harness {
  readonly session: Session;
  readonly statuses: SaveStatus[];
  readonly notices: NoticeText[];
  readonly details: string[];
  readonly outbox: MemoryOutbox;
}

export function start(server: FakeServer, client = "tab", outbox = new MemoryOutbox(), now: () => number = () => 0): Harness {
  const statuses: SaveStatus[] = [];
  const notices: NoticeText[] = [];
  const details: string[] = [];
  const session = new Session({
    api: server,
    categories: server.categories,
    leases: server.leases(client),
    verdicts: server.verdicts,
    makeSaver: (owner) =>
      new Saver({
        outbox,
        client,
        post: (imageId, gesture) => server.post(imageId, gesture),
        wait: () => new Promise((resolve) => setTimeout(resolve, 0)),
        onStatus: (status) => {
          statuses.push(status);
          owner.view.set({ status });
        },
        onConflict: (imageId) => void owner.onConflict(imageId),
        onRefused: (imageId, line) => owner.onRefused(imageId, line),
        onClosed: (imageId, line) => owner.onClosed(imageId, line),
        onSettled: (imageId) => owner.onSettled(imageId),
      }),
    notice: (_kind, text, detail) => {
      notices.push(text);
      details.push(detail ?? "");
    },
    preload: () => {},
    now,
  });
  return { session, statuses, notices, details, outbox };
}

/** Lets everything that waits for an answer of the server go on. */
export async function settle(turns = 12): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** What a person sees of a scene, without the identity of masks. */
export function seen(scene: Scene): unknown {
  const plain = ({ key, category, state, crowd, mask }: Instance): unknown => {
    const shape = mask.parts === null ? mask.rle : JSON.stringify(mask.parts);
    return { key, category, state, ...(crowd === true ? { crowd } : {}), shape };
  };
  const byKey = (a: Instance, b: Instance): number => (a.key < b.key ? -1 : 1);
  return { reviewed: scene.reviewed, instances: scene.instances.toSorted(byKey).map(plain) };
}

export async function stored(server: FakeServer, imageId: number): Promise<unknown> {
  return seen(sceneOf(await server.document(imageId)));
}
