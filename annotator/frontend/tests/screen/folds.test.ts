import { expect, it } from "vitest";
import { layoutOf } from "../../src/screen/folds";

it.each([
  [3840, "wide"],
  [1280, "wide"],
  [1024, "medium"],
  [768, "medium"],
  // 1280 and 1024 pixels at 200 %: every tool is still there.
  [640, "narrow"],
  [512, "narrow"],
  [390, "phone"],
  [320, "phone"],
])("%i pixels are %s", (width, layout) => {
  expect(layoutOf(width)).toBe(layout);
});
