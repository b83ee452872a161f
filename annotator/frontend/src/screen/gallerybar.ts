/** Below the gallery, while tiles are chosen: how many, what can be done to them, and how far that is. */
import { keyOf } from "../commands/keys";
import type { CutoutFilter } from "../document/protocol";
import type { BulkOrder } from "../saving/bulk";
import { lineOf } from "../saving/errors";
import type { Api } from "../saving/api";
import { LooksApi } from "../saving/looks";
import type { Chosen } from "../session/chosen";
import { MOST_CHOSEN } from "../session/chosen";
import type { Session } from "../session/session";
import type { StringKey } from "../strings";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import type { BulkNews } from "./bulkrun";
import { follow } from "./bulkrun";

const PATIENCE_MS = 10_000;

export interface GalleryBarOptions {
  readonly session: Session;
  readonly chosen: Chosen;
  readonly news: BulkNews;
  readonly filter: () => CutoutFilter | null;
  readonly pickCategory: (anchor: Element) => Promise<number | null>;
  /** Makes the decisions that wait still, so that they come before the order. */
  readonly flush: () => Promise<void>;
  readonly api: Pick<Api, "root">;
  /** Lists what is most like this instance first. */
  readonly alike: (key: string) => void;
}

export class GalleryBar {
  readonly element: HTMLElement;
  private readonly count = h("strong", { role: "status" });
  private readonly relabelButton: HTMLButtonElement;
  private readonly alikeButton: HTMLButtonElement;
  private readonly looks: LooksApi;
  private readonly allButton: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  private readonly buttons: readonly HTMLButtonElement[];
  private working = false;
  private looking = false;

  constructor(private readonly options: GalleryBarOptions) {
    const { chosen, news } = options;
    const decide = (verb: "accept" | "reject", label: "bulkAccept" | "bulkReject"): HTMLButtonElement =>
      button({ text: t(label), title: withKey(label, keyOf(verb)), class: "an-button", onClick: () => void this.run(verb) });
    this.relabelButton = button({ text: t("bulkRelabel"), title: withKey("bulkRelabel", keyOf("relabel")), class: "an-button", onClick: () => void this.relabel() });
    this.looks = new LooksApi(options.api);
    this.alikeButton = button({ text: t("galleryMoreLike"), class: "an-button", onClick: () => void this.lookAlike() });
    this.allButton = button({ text: "", title: "Ctrl+A", class: "an-link", onClick: () => chosen.all() });
    const none = button({ icon: "cross", title: `${t("pickNone")} (Esc)`, class: "an-row-button", onClick: () => chosen.clear() });
    this.buttons = [decide("accept", "bulkAccept"), decide("reject", "bulkReject"), this.relabelButton, this.alikeButton, this.allButton, none];
    this.stop = button({ text: t("cancel"), class: "an-button", onClick: () => void (this.looking ? this.looks.cancel() : news.api.cancel()) });
    this.element = h("div", { class: "an-gallery-bar", role: "group", "aria-label": t("chosenActions"), hidden: true }, this.count, ...this.buttons, this.stop);
  }

  render(total: number): void {
    const { chosen } = this.options;
    const n = chosen.count();
    this.element.hidden = n === 0 && !this.working;
    for (const one of this.buttons) one.hidden = this.working;
    this.stop.hidden = !this.working;
    if (this.working) return;
    this.allButton.hidden = chosen.isAll();
    this.alikeButton.hidden = chosen.only() === null;
    setText(this.allButton.firstElementChild!, t("chooseAll", { n: total }));
    setText(this.count, t("chosenCount", { n }));
  }

  async relabel(): Promise<void> {
    const category = await this.options.pickCategory(this.relabelButton);
    if (category !== null) await this.run("relabel", category);
  }

  /** What was not looked at since it changed is looked at first; whoever cancels gets what is known by then. */
  private async lookAlike(): Promise<void> {
    const key = this.options.chosen.only();
    if (this.working || key === null) return;
    this.working = this.looking = true;
    this.render(0);
    try {
      await this.options.flush();
      await this.looks.follow(false, ({ done, total }) => setText(this.count, t("nextLooking", { done, total })));
      this.options.alike(key);
    } catch (error) {
      this.options.news.notices.show("error", t("galleryFailed"), lineOf(error));
    } finally {
      this.working = this.looking = false;
      this.render(0);
    }
  }

  async run(verb: BulkOrder["verb"], category?: number): Promise<void> {
    const { chosen, news, session } = this.options;
    const filter = this.options.filter();
    if (this.working || filter === null || chosen.count() === 0) return;
    this.working = true;
    this.render(0);
    setText(this.count, "…");
    try {
      await this.options.flush();
      // An order passes over pictures that change after it was counted: what was decided here is to be there before.
      await session.saver.whenSaved(PATIENCE_MS);
      const which = await chosen.which(filter, session.view.get().categories);
      if (which === null) return news.notices.show("answer", t("chosenTooMany", { n: MOST_CHOSEN }));
      await this.carryOut({ verb, threshold: filter.threshold, ...which, ...(category === undefined ? {} : { category }) });
    } catch (error) {
      news.notices.show("error", t("bulkFailed"), lineOf(error));
    } finally {
      this.working = false;
      this.render(0);
    }
  }

  private async carryOut(order: BulkOrder): Promise<void> {
    const { news, chosen } = this.options;
    const preview = await news.api.preview(order);
    if (preview.instances === 0) return news.notices.show("answer", t("bulkNothing"));
    await news.api.start(order, preview);
    chosen.clear();
    await follow(news, ({ done, total }) => setText(this.count, t("bulkAtWork", { done, total })));
  }
}

function withKey(label: StringKey, key: string): string {
  return key === "" ? t(label) : `${t(label)} (${key})`;
}

