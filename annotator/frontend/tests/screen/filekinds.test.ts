import { describe, expect, it } from "vitest";
import { isOfMacos, looksLikeCoco, looksLikePicture } from "../../src/screen/filekinds";

const named = (name: string) => ({ name, file: new File([], name) });

describe("a dropped file", () => {
  it.each(["a.JPG", "x/a.jpe", "a.jfif", "a.ppm", "x/a.heic", "photo"])("may be a picture: %s", (name) => {
    expect(looksLikePicture(named(name))).toBe(true);
  });

  it.each(["a.txt", "x/photo", "a.json", "a.jpg.txt"])("is none: %s", (name) => {
    expect(looksLikePicture(named(name))).toBe(false);
  });

  it("is macOS's own where its name begins with ._", () => {
    expect(["x/._a.jpg", "._a.jpg", "x._a.jpg", "._x/a.jpg"].map((name) => isOfMacos(named(name)))).toEqual([true, true, false, false]);
  });
});

const padding = `"${"x".repeat(200_000)}"`;

describe("a folder's JSON", () => {
  it.each([
    ["instances", `{"info": {}, "images": [], "annotations": []}`],
    ["a byte order mark", `\uFEFF {"images": []}`],
    ["a long head", `{"info": ${padding}, "licenses": [${padding}], "categories": []}`],
    ["results", `[{"image_id": 1, "category_id": 2}]`],
  ])("is COCO's: %s", async (_, text) => {
    expect(await looksLikeCoco(new Blob([text]))).toBe(true);
  });

  it.each([
    ["LabelMe", `{"version": "5", "shapes": [{"label": "images"}], "imageData": ${padding}}`],
    ["our report", `{"file": "instances.json", "images": 5, "annotations": 7}`],
    ["a list", `[1, 2]`],
    ["nothing", ``],
  ])("is not: %s", async (_, text) => {
    expect(await looksLikeCoco(new Blob([text]))).toBe(false);
  });
});
