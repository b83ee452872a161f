import { describe, expect, it } from "vitest";
import { setLanguage, t } from "../../src/strings";
import { de } from "../../src/strings/de";
import type { Text } from "../../src/strings/en";
import { en } from "../../src/strings/en";
import { es } from "../../src/strings/es";
import { zh } from "../../src/strings/zh";

describe("strings", () => {
  it("follow the first language that is known, and English otherwise", () => {
    const say = (...languages: string[]): string => {
      setLanguage(languages);
      return t("thresholdShows", { shown: 7, total: 12 });
    };
    expect(say("xx-YY", "de-AT")).toBe("zeigt hier 7 von 12");
    expect(say("zh-Hans-CN")).toBe("此处显示 7 / 12");
    expect(say("xx")).toBe("shows 7 of 12 here");
  });

  it("fill in what a person typed as text", () => {
    expect(t("newCategoryNamed", { name: "<b>{n}</b>" })).toBe("New category “<b>{n}</b>”");
  });

  const formsOf = (text: Text): string[] => (typeof text === "string" ? [text] : Object.values(text));

  it.each([["de", de], ["es", es], ["zh", zh]] as const)("%s fills in the same values as English", (_, table) => {
    const values = (text: Text): string[] => [...new Set(formsOf(text).join().match(/\{\w+\}/g))].toSorted();
    for (const [key, text] of Object.entries(en)) expect([key, values(table[key as keyof typeof en])]).toEqual([key, values(text)]);
  });

  it("are counted as the language counts", () => {
    const say = (language: string, n: number): string => {
      setLanguage([language]);
      return t("galleryCount", { n });
    };
    expect([0, 1, 2, 21].map((n) => say("en", n))).toEqual(["0 cut-outs", "1 cut-out", "2 cut-outs", "21 cut-outs"]);
    expect([say("de", 1), say("de", 5)]).toEqual(["1 Ausschnitt", "5 Ausschnitte"]);
    expect([say("es", 1), say("es", 5), say("es", 1_000_000)]).toEqual(["1 recorte", "5 recortes", "1000000 recortes"]);
    expect([say("zh", 1), say("zh", 5)]).toEqual(["1 张裁剪图", "5 张裁剪图"]);
  });

  it("have words of their own for nothing at all", () => {
    for (const language of ["en", "de", "es", "zh"]) {
      setLanguage([language]);
      expect(t("picturesFound", { n: 0, all: 7 })).not.toMatch(/[0{]/);
      expect(t("picturesFound", { n: 2, all: 7 })).toContain("2");
    }
    setLanguage(["en"]);
    expect(t("picturesFound", { n: 0, all: 7 })).toBe("None of 7 pictures");
  });

  it("never put a count beside a noun that has one form only", () => {
    const plural = /\{n\} (?:\w+ )?(?:instances|pictures|files|changes|cut-outs)\b/;
    const counted = Object.entries(en).filter(([, text]) => typeof text === "string" && plural.test(text));
    expect(counted).toEqual([]);
  });
});
