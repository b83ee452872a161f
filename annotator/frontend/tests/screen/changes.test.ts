import { describe, expect, it } from "vitest";
import { Changes } from "../../src/screen/changes";

describe("pictures that are shown otherwise", () => {
  it("are counted by what is different, and told once", () => {
    const changes = new Changes();
    for (const change of ["shallow", "", "opaque", "shallow", "frames", "frames", "frames"] as const) changes.count(change);
    expect(changes.take()).toEqual([
      "2 pictures of more than 8 bits are shown with 8; values of 10, 12 or 14 bits are brightened",
      "1 picture is shown without its transparency, as trainers read it",
      "3 pictures have several frames or pages: the first is shown",
    ]);
    expect(changes.take()).toEqual([]);
  });
});
