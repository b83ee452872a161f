/** Both takes of a picture laid over each other, what differs, and what a reviewer takes of them. */
import type { TwiceApi, WireBothTakes, WireTaken } from "../saving/twice";
import { lineOf } from "../saving/errors";
import { decimal, t } from "../strings";
import { button, h } from "../widgets/dom";
import type { InsightOptions } from "./advising";
import { nameOf } from "./advising";

export interface BothOptions extends InsightOptions {
  readonly twice: TwiceApi;
  /** Something of a take was taken over. */
  readonly changed: () => Promise<void>;
}

type Take = "first" | "second";

const TAKES = ["first", "second"] as const;
const LABELS = { first: "twoFirst", second: "twoSecond" } as const;

/** The part of the page. */
export function bothTakes(both: WireBothTakes, options: BothOptions): HTMLElement {
  const shown = h("div", { class: "an-two-shown" }, picture(both));
  const legend = h(
    "p",
    { class: "an-two-legend" },
    ...TAKES.map((take, index) => {
      const tick = h("input", { type: "checkbox", checked: true });
      tick.addEventListener("change", () => shown.classList.toggle(`is-without-${take}`, !tick.checked));
      return h("label", { class: `is-${take}` }, tick, " ", t(LABELS[take], { people: named(both.people[index]) }));
    }),
  );
  const place = h("p", { role: "status" });
  const act = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      await options.changed();
    } catch (error) {
      place.replaceChildren(h("span", { class: "an-bulk-facts is-wrong", role: "alert" }, lineOf(error)));
    }
  };
  const { id, name } = both.image;
  const choose = (take: Take, label: "twoTakeFirst" | "twoTakeSecond"): HTMLElement => button({ text: t(label), onClick: () => void act(() => options.twice.settle(id, take)) });
  const open = button({ text: t("errorsOpen"), title: t("errorsOpenTitle", { name }), onClick: () => void options.session.open(id).then(() => open.replaceWith(h("span", {}, t("errorsOpened")))) });
  const over = (one: WireTaken): HTMLElement => button({ text: t("twoTakeOver"), onClick: () => void act(() => options.twice.takeOver(id, one.key)) });
  return h(
    "article",
    { class: "an-two-both", "aria-label": t("twoCompareTitle", { name }) },
    h("h3", {}, name),
    legend,
    shown,
    h("div", { class: "an-two-picks" }, choose("first", "twoTakeFirst"), choose("second", "twoTakeSecond"), open),
    both.settled === null ? null : h("p", {}, t(({ first: "twoSettledFirst", second: "twoSettledSecond", some: "twoSettledSome" } as const)[both.settled])),
    place,
    h("ul", { class: "an-two-differences" }, ...differences(both, options).map(([line, one]) => h("li", {}, line, one === null ? null : " ", one === null ? null : over(one)))),
  );
}

/** A line for each object that only one has, or that they call otherwise; and what of the second take can be taken over. */
function differences({ first, second, pairs }: WireBothTakes, { session }: BothOptions): (readonly [line: string, over: WireTaken | null])[] {
  const name = (one: WireTaken): string => nameOf(session, one.category);
  const apart = pairs.filter((pair) => first[pair.first].category !== second[pair.second].category);
  const found: (readonly [string, WireTaken | null])[] = [
    ...first.filter((one) => one.only).map((one) => [t("twoOnlyFirst", { category: name(one) }), null] as const),
    ...second.filter((one) => one.only).map((one) => [t("twoOnlySecond", { category: name(one) }), one] as const),
    ...apart.map((pair) => [t("twoCalled", { first: name(first[pair.first]), second: name(second[pair.second]), iou: decimal(pair.iou, 2) }), null] as const),
  ];
  return found.length === 0 ? [[t("twoNoDifference"), null]] : found;
}

/** Who did a take; nobody did what an import brought. */
export function named(people: string): string {
  return people === "" ? t("twoImport") : people;
}

const SVG = "http://www.w3.org/2000/svg";

function picture({ image, size, first, second }: WireBothTakes): SVGSVGElement {
  const [width, height] = size;
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": t("twoPictureLabel", { name: image.name, first: first.length, second: second.length }) });
  svg.append(make("image", { href: image.picture, width: String(width), height: String(height), preserveAspectRatio: "none" }));
  for (const [take, objects] of [["first", first], ["second", second]] as const) {
    for (const one of objects) svg.append(make("path", { d: one.path, class: `is-${take}${one.only ? " is-only" : ""}`, "fill-rule": "evenodd" }));
  }
  return svg;
}

function make<K extends keyof SVGElementTagNameMap>(name: K, attributes: Readonly<Record<string, string>>): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
