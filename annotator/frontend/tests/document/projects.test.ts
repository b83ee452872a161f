import { describe, expect, it } from "vitest";
import type { WireProject } from "../../src/document/projects";
import { freeName, nameProblem, sorted, tidyName } from "../../src/document/projects";

describe("a project's name", () => {
  it.each([["", "projectNameLength"], ["  \n", "projectNameLength"], ["x".repeat(101), "projectNameLength"], ["HELMETS ", "projectNameTaken"]])(
    "%j cannot be taken",
    (text, problem) => {
      expect(nameProblem(text, ["Helmets"])).toBe(problem);
    },
  );

  it("may hold whatever a person reads", () => {
    for (const name of ["<b>Vests</b>", "安全帽", "👷🏽‍♀️".repeat(20), "x".repeat(100)]) expect(nameProblem(name, ["Helmets"])).toBeNull();
    expect(tidyName(" a \n b ")).toBe("a b");
  });

  it("gets a number where another project has it, and stays as short as any", () => {
    expect(freeName("Helmets", ["helmets", "Helmets 2"])).toBe("Helmets 3");
    expect(freeName("x".repeat(120), ["x".repeat(100)])).toHaveLength(100);
  });
});

it("projects are listed by what they are for, the last used first", () => {
  const project = (id: string, used: number, more: Partial<WireProject> = {}): WireProject => ({
    ...{ key: id, id, name: id, folder: null, images: 0, reviewed: 0, accepted: 0, suggested: 0, covers: [], used },
    ...{ put_away: false, binned: false, kept: true, job: null, ...more },
  });
  const broken = { name: "bad", folder: null, reason: "is damaged" };
  const list = sorted([project("old", 1), broken, project("new", 2), project("away", 3, { put_away: true }), project("bin", 4, { binned: true, put_away: true })]);
  expect(list.here.map(({ id }) => id)).toEqual(["new", "old"]);
  expect(list.away.map(({ id }) => id)).toEqual(["away"]);
  expect(list.binned.map(({ id }) => id)).toEqual(["bin"]);
  expect(list.broken).toEqual([broken]);
});
