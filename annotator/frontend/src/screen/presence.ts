/** Tells the server which picture this page shows, and the person who else has it open. */
import { randomName } from "../document/names";
import type { WirePresence } from "../document/protocol";
import type { Api } from "../saving/api";
import type { Session } from "../session/session";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { h, setText } from "../widgets/dom";

/** Where the server says nothing else; it forgets a page after 25 s. */
const BEAT_MS = 10_000;
/** Somebody who leafs through pictures is only on the one where they stay. */
const SETTLE_MS = 400;
const MOST_SHOWN = 3;

type Other = WirePresence["others"][number];

export class Presence {
  readonly element = h("span", { class: "an-presence", role: "status", hidden: true });
  private readonly names = h("span");
  private readonly page = randomName();
  private readonly stops: (() => void)[] = [];
  private timer = 0;
  private last: number | null = null;
  private stopped = false;

  constructor(
    private readonly api: Pick<Api, "present" | "leave">,
    private readonly session: Session,
    private readonly isSeen: () => boolean,
  ) {
    session.view.subscribe((now, before) => {
      if (now.scene?.imageId === before.scene?.imageId) return;
      this.show([]);
      this.soon(SETTLE_MS);
    });
    const seen = (): void => (document.hidden ? this.leave() : this.soon(0));
    const leave = (): void => this.leave();
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("pagehide", leave);
    this.stops.push(() => document.removeEventListener("visibilitychange", seen));
    this.stops.push(() => window.removeEventListener("pagehide", leave));
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
    clearTimeout(this.timer);
    this.leave();
  }

  private soon(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.beat(), milliseconds);
  }

  private async beat(): Promise<void> {
    const imageId = this.session.view.get().scene?.imageId ?? null;
    this.soon(BEAT_MS);
    if (imageId === null || document.hidden || !this.isSeen()) return this.leave();
    this.last = imageId;
    // A server that cannot be reached is the saver's to tell.
    const answer = await this.api.present(this.page, imageId).catch(() => null);
    if (this.stopped) return;
    if (answer !== null) {
      this.soon(answer.next_s * 1000);
      void this.session.categories.follow(answer.category_version);
    }
    if (this.session.view.get().scene?.imageId !== imageId) return;
    this.show(answer?.others ?? []);
    const known = this.session.saver.revision(imageId);
    const changed = typeof answer?.revision === "number" && known !== null && answer.revision > known;
    if (changed && this.session.view.get().draft === null) await this.session.revalidate(imageId);
  }

  /** The others need not wait until this page has been silent for long enough. */
  private leave(): void {
    if (this.last !== null) this.api.leave(this.page);
    this.last = null;
    this.show([]);
  }

  private show(others: readonly Other[]): void {
    this.element.hidden = others.length === 0;
    if (others.length === 0) return void this.element.replaceChildren();
    const names = others.map(nameOf);
    const shown = names.length > MOST_SHOWN ? [...names.slice(0, MOST_SHOWN), `+${names.length - MOST_SHOWN}`] : names;
    const said = shown.join(", ");
    if (this.names.textContent === said && this.element.childElementCount > 0) return;
    setText(this.names, said);
    // The toolbar is full: a dot says to the eye what words say to a screen reader.
    const words = h("span", { class: "an-unseen" }, t("alsoHere", { names: "" }));
    this.element.replaceChildren(h("span", { class: "an-presence-dot", "aria-hidden": "true" }), words, this.names);
    this.element.title = t("alsoHereTitle", { names: names.join(", ") });
  }
}

/** Whoever signed in is called by their name, everybody else by an animal. */
function nameOf({ name, animal }: Other): string {
  return name === "" ? t(`animal_${animal}` as StringKey) : name;
}
