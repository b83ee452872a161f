import { describe, expect, it } from "vitest";
import { isHidden, looksLikeCoco, looksLikePicture } from "../../src/screen/filekinds";

const named = (name: string) => ({ name, file: new File([], name) });

describe("a dropped file", () => {
  it.each(["a.JPG", "x/a.jpe", "a.jfif", "a.ppm", "x/a.heic", "photo"])("may be a picture: %s", (name) => {
    expect(looksLikePicture(named(name))).toBe(true);
  });

  it.each(["a.txt", "x/photo", "a.json", "a.jpg.txt"])("is none: %s", (name) => {
    expect(looksLikePicture(named(name))).toBe(false);
  });

  it("is nobody's own where it is hidden in its folder", () => {
    const hidden = (...names: string[]): boolean[] => names.map((name) => isHidden(named(name)));
    expect(hidden("x/._a.jpg", "._a.jpg", "x/.ipynb_checkpoints/a.jpg", "x/@eaDir/a.jpg", "x/__MACOSX/a.jpg", "x/.a.jpg")).not.toContain(false);
    expect(hidden("x._a.jpg", ".x/a.jpg", ".a.jpg", "x/a.b.jpg", "@eaDir/a.jpg")).not.toContain(true);
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
