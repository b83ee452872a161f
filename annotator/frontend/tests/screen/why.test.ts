import { expect, it } from "vitest";
import type { Place } from "../../src/screen/why";
import { whyHere } from "../../src/screen/why";

const tile = { key: "k", image: 1, name: "a.jpg", state: "suggested", score: 0.48, area: 100, share: 0.0123, box: [0, 0, 10, 20], cutout: "" } as const;
const usual = { share: 0.01, aspect: 2, share_spread: 0.2, aspect_spread: 0.1 };
const why = (changed: object, place: Partial<Place>): string => whyHere({ ...tile, ...changed }, { order: "doubt", threshold: 0.5, category: "person", usual: null, ...place });

it("says the score beside the threshold, the score, or the share of the picture", () => {
  expect(why({}, {})).toBe("score 0.48, threshold 0.50");
  expect(why({}, { order: "score" })).toBe("score 0.48");
  expect(why({ score: null }, {})).toBe("no score: drawn or imported");
  expect(why({}, { order: "area" })).toBe("1.2 % of its picture");
});

it("names what makes a shape strange, the strangest first", () => {
  const odd = { order: "odd", usual } as const;
  expect(why({ share: 0.019 }, odd)).toBe("1.9 times larger than usual for person");
  expect(why({ share: 0.005, box: [0, 0, 20, 10] }, odd)).toBe("4.0 times wider for its height than usual for person, 2.0 times smaller than usual for person");
  expect(why({ share: 0.0105, box: [0, 0, 10, 21] }, odd)).toBe("size and shape as usual for person");
  expect(why({ share: 0.01, box: [0, 0, 10, 30] }, odd)).toBe("1.5 times taller for its width than usual for person");
  expect(why({ share: 0, box: [0, 0, 0, 0] }, odd)).toContain("person");
});
