/** Colours and names as the person sees them. */
import { UNKNOWN_COLOR, categoryColors, instanceColor, scoreColor } from "../canvas/palette";
import type { Appearance } from "../canvas/render";
import { isCrowd } from "../document/scene";
import type { Session } from "../session/session";
import { t } from "../strings";

export function createAppearance(session: Session): Appearance {
  let colors = new Map<number, string>();
  let names = new Map<number, string>();
  session.view.subscribe((now, before) => {
    if (now.categories === before.categories) return;
    colors = categoryColors(now.categories);
    names = new Map(now.categories.map((category) => [category.id, category.name]));
  });
  const categoryColor = (id: number): string => colors.get(id) ?? UNKNOWN_COLOR;
  const categoryName = (id: number): string => names.get(id) ?? `#${id}`;
  return {
    categoryColor,
    categoryName,
    fill: () => session.view.get().display.fill,
    color: (instance) => {
      const { colorBy } = session.view.get().display;
      if (colorBy === "score") return scoreColor(instance.score);
      return colorBy === "instance" ? instanceColor(instance.key) : categoryColor(instance.category);
    },
    label: (instance) => {
      const plain = categoryName(instance.category);
      const name = isCrowd(instance) ? `${plain} (${t("crowd")})` : plain;
      return instance.score === null ? name : `${name} ${instance.score.toFixed(2)}`;
    },
  };
}
