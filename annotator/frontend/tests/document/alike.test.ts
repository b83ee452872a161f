/** Categories that a person takes for one. */
import { expect, it } from "vitest";
import { isAlike, newAlike } from "../../src/document/alike";

it("knows names that differ in capitals alone, or in how an accent is written", () => {
  expect(isAlike("car", "Car")).toBe(true);
  expect(isAlike("caf\u00e9", "Cafe\u0301")).toBe(true);
  expect(isAlike("car", "cars")).toBe(false);
});

it("names each new one that is like another, and is silent about what was there", () => {
  expect(newAlike(["car", "dog", "DOG"], ["car", "Car", "dog", "DOG", "cat"])).toEqual([["Car", "car"]]);
  expect(newAlike(["a"], ["a", "Bus", "bus"])).toEqual([["bus", "Bus"]]);
  expect(newAlike(["a", "b"], ["a", "c"])).toEqual([]);
});
