/** What is asked about the pictures that were picked. */
import { describe, expect, it } from "vitest";
import type { ManyOptions } from "../../src/screen/manypictures";
import { ManyPictures } from "../../src/screen/manypictures";

function decided(ids: readonly number[], searched = ""): readonly unknown[] {
  let asked: readonly unknown[] = [];
  const options = {
    page: {},
    picked: { isAll: () => searched !== "" },
    session: { queue: { get: () => ({ asked: { query: searched } }) } },
    decide: (...given: readonly unknown[]) => void (asked = given),
  } as unknown as ManyOptions;
  new ManyPictures(options).actions.find(({ id }) => id === "decide")!.run(ids);
  return asked;
}

describe("a decision about picked pictures", () => {
  it("names them where a person can read that", () => {
    expect(decided([3, 1, 2, 7])).toEqual(["#1..3,7"]);
  });

  it("says what was searched where all that was found is picked", () => {
    expect(decided([3, 1, 2], "state:new")).toEqual(["state:new"]);
  });

  it("is about them however many and scattered they are", () => {
    const scattered = Array.from({ length: 20_000 }, (_, index) => 2 * index + 1);
    expect(decided(scattered)).toEqual(["", scattered]);
  });
});
