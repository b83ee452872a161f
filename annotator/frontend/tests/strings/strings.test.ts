import { describe, expect, it } from "vitest";
import { setLanguage, t } from "../../src/strings";
import { de } from "../../src/strings/de";
import { en } from "../../src/strings/en";
import { es } from "../../src/strings/es";
import { zh } from "../../src/strings/zh";

describe("strings", () => {
  it("follow the first language that is known, and English otherwise", () => {
    const say = (...languages: string[]): string => {
      setLanguage(languages);
      return t("thresholdShows", { shown: 7, total: 12 });
    };
    expect(say("xx-YY", "de-AT")).toBe("zeigt 7 von 12");
    expect(say("zh-Hans-CN")).toBe("显示 7 / 12");
    expect(say("xx")).toBe("shows 7 of 12");
  });

  it("fill in what a person typed as text", () => {
    expect(t("newCategoryNamed", { name: "<b>{n}</b>" })).toBe("New category “<b>{n}</b>”");
  });

  it.each([["de", de], ["es", es], ["zh", zh]] as const)("%s fills in the same values as English", (_, table) => {
    const values = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).toSorted();
    for (const [key, text] of Object.entries(en)) expect([key, values(table[key as keyof typeof en])]).toEqual([key, values(text)]);
  });
});
