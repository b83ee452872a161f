/** How counts, shares and times of people are told. */
import { expect, it } from "vitest";
import { counted, duration } from "../../src/document/people";

it("a count stands with its share of the whole, nothing stands alone", () => {
  expect([counted(3, 0.25), counted(0, 0)]).toEqual(["3 (25 %)", "0"]);
});

it("time is told in hours, minutes and seconds", () => {
  expect([0, 12.4, 59.9, 60, 5_430, 360_000].map(duration)).toEqual(["0:00:00", "0:00:12", "0:01:00", "0:01:00", "1:30:30", "100:00:00"]);
});
