/** Colours and names as the person sees them. */
import { InstanceColors } from "../canvas/colouring";
import { COLORS, UNKNOWN_COLOR, categoryColors, scoreColor } from "../canvas/palette";
import type { Appearance } from "../canvas/render";
import { Numbering } from "../document/numbering";
import { isCrowd } from "../document/scene";
import type { Session } from "../session/session";
import { t } from "../strings";

export function createAppearance(session: Session): Appearance {
  let colors = new Map<number, string>();
  let names = new Map<number, string>();
  const ownColors = new InstanceColors();
  const numbering = new Numbering();
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
      const { display, scene } = session.view.get();
      if (display.colorBy === "score") return scoreColor(instance.score);
      if (display.colorBy === "category" || scene === null) return categoryColor(instance.category);
      return COLORS[ownColors.of(instance, scene)];
    },
    number: (instance) => {
      const { scene } = session.view.get();
      return scene === null ? 0 : numbering.of(instance, scene);
    },
    label: (instance) => {
      const plain = categoryName(instance.category);
      const name = isCrowd(instance) ? `${plain} (${t("crowd")})` : plain;
      return instance.score === null ? name : `${name} ${instance.score.toFixed(2)}`;
    },
  };
}
