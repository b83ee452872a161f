/** The browser's address, its Back and Forward, and the title of its window follow the session, and the session them. */
import type { Address } from "../document/address";
import { addressIn, addressOf } from "../document/address";
import type { Session } from "./session";

/** Selections that follow one another quickly are written once: browsers refuse too many. */
const SETTLED_MS = 250;
const HUB = "https://huggingface.co";

export interface AddressOptions {
  readonly session: Session;
  /** Of the project. */
  readonly id: string;
  readonly window: Pick<Window, "location" | "history" | "addEventListener" | "removeEventListener">;
  /** Goes to an instance as a link to it does. */
  readonly openAt: (imageId: number, key: string) => Promise<void>;
  readonly onTitle: (picture: string | null) => void;
}

export class AddressBar {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private first = true;
  private readonly moved = (): void => void this.follow();

  constructor(private readonly options: AddressOptions) {
    const { session, window } = options;
    window.addEventListener("popstate", this.moved);
    session.view.subscribe((now, before) => {
      if (now.scene?.imageId !== before.scene?.imageId) this.showPicture(now.scene?.imageId ?? null);
      else if (now.selection !== before.selection) this.showSelection();
      if (now.scene?.name !== before.scene?.name) options.onTitle(now.scene?.name ?? null);
    });
    options.onTitle(null);
  }

  /** Once the project is open: its address, and the instance that a link names. */
  async settle(wanted: Address, isLink: boolean): Promise<void> {
    const { session, openAt } = this.options;
    const { scene } = session.view.get();
    const arrived = wanted.project === this.options.id && wanted.instance !== null && scene !== null && scene.imageId === wanted.image;
    if (arrived && isLink) await openAt(scene.imageId, wanted.instance);
    else if (arrived && scene.instances.some((one) => one.key === wanted.instance)) session.select([wanted.instance]);
    this.write("replaceState");
  }

  stop(): void {
    clearTimeout(this.timer);
    this.options.window.removeEventListener("popstate", this.moved);
  }

  private showPicture(imageId: number | null): void {
    const there = this.here();
    const isNew = imageId !== null && there.image !== null && there.image !== imageId && there.project === this.options.id;
    this.write(isNew && !this.first ? "pushState" : "replaceState");
    if (imageId !== null) this.first = false;
  }

  private showSelection(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write("replaceState"), SETTLED_MS);
  }

  private write(how: "pushState" | "replaceState"): void {
    clearTimeout(this.timer);
    const { session, id, window } = this.options;
    const { scene, selection } = session.view.get();
    const address = { project: id, image: scene?.imageId ?? null, instance: selection.length === 1 ? selection[0] : null };
    const { pathname, search, hash } = window.location;
    const text = addressOf(address, search, hash);
    if (text === search + hash) return;
    window.history[how](window.history.state, "", pathname + text);
    this.tellHub(address);
  }

  /** A Space is shown in a frame: its hub has the same in the address that the person sees, and nothing of its own from here. */
  private tellHub(address: Address): void {
    if (globalThis.window === undefined || globalThis.window.parent === globalThis.window) return;
    const [queryString, hash] = [addressOf({ ...address, instance: null }, "", "").slice(1), this.options.window.location.hash.slice(1)];
    globalThis.window.parent.postMessage({ queryString, hash }, HUB);
  }

  private async follow(): Promise<void> {
    const { session, id, window, openAt } = this.options;
    const { project, image, instance } = this.here();
    if (project !== "" && project !== id) return window.location.reload();
    const now = session.imageId();
    if (image !== null && image !== now) await session.open(image);
    else if (image !== null && instance !== null && session.view.get().selection[0] !== instance) await openAt(image, instance);
    // A picture that is gone cannot be gone back to: the address says what is shown.
    if (session.view.get().opening === null) this.write("replaceState");
  }

  private here(): Address {
    const { search, hash } = this.options.window.location;
    return addressIn(search, hash);
  }
}

/** Whether the page was loaded again, and not opened. */
export function wasReloaded(): boolean {
  const [entry] = performance.getEntriesByType("navigation");
  return entry instanceof PerformanceNavigationTiming && entry.type === "reload";
}
