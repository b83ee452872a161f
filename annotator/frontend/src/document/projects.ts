/** Projects as the list shows them. */

/** What can be opened. */
export interface WireProject {
  readonly key: string;
  readonly id: string;
  /** "" where nobody has named it. */
  readonly name: string;
  /** Where it lies on the server; null where that is nobody's business. */
  readonly folder: string | null;
  readonly images: number;
  readonly reviewed: number;
  readonly accepted: number;
  readonly suggested: number;
  readonly covers: readonly string[];
  /** When it was last changed, in seconds since 1970. */
  readonly used: number;
  readonly put_away: boolean;
  readonly binned: boolean;
  /** Whether it can be deleted for good from here. */
  readonly kept: boolean;
  readonly job: { readonly done: number; readonly total: number } | null;
}

/** What cannot, and why in one line. */
export interface BrokenProject {
  readonly name: string;
  readonly folder: string | null;
  readonly reason: string;
}

export interface WireProjects {
  readonly projects: readonly (WireProject | BrokenProject)[];
  /** Visitors have projects of their own, each behind its key. */
  readonly shared: boolean;
  /** A key alone opens nothing: people sign in. */
  readonly signed_in: boolean;
  /** The name of whoever signed in; null where nobody did. */
  readonly user: string | null;
  /** Where a request signs them out; "" where that is not to be had here. */
  readonly way_out: string;
  /** How long an unused project stays in the bin. */
  readonly bin_days: number;
}

/** What a page's header knows of its own project. */
export interface WireDescription {
  readonly id: string;
  readonly name: string;
  readonly binned: boolean;
}

export const MAX_PROJECT_NAME = 100;

export type NameProblem = "projectNameLength" | "projectNameTaken";

/** As annotator/core/project.py keeps it, but for what no one types. */
export function tidyName(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Why a name cannot be taken; null where it can. */
export function nameProblem(text: string, taken: readonly string[]): NameProblem | null {
  const name = tidyName(text);
  const length = [...name].length;
  if (length === 0 || length > MAX_PROJECT_NAME) return "projectNameLength";
  const folded = foldedName(name);
  return taken.some((other) => foldedName(other) === folded) ? "projectNameTaken" : null;
}

/** A name that no other project has, with a number behind it where it must. */
export function freeName(name: string, taken: readonly string[]): string {
  for (let number = 1; ; number++) {
    const tail = number === 1 ? "" : ` ${number}`;
    const tried = [...name].slice(0, MAX_PROJECT_NAME - tail.length).join("") + tail;
    if (nameProblem(tried, taken) === null) return tried;
  }
}

export function isBroken(project: WireProject | BrokenProject): project is BrokenProject {
  return "reason" in project;
}

/** Those that are worked on, put away, in the bin, and those that cannot be opened; the last used first. */
export function sorted(projects: WireProjects["projects"]): {
  readonly here: readonly WireProject[];
  readonly away: readonly WireProject[];
  readonly binned: readonly WireProject[];
  readonly broken: readonly BrokenProject[];
} {
  const whole = projects.filter((one): one is WireProject => !isBroken(one)).sort((a, b) => b.used - a.used);
  return {
    here: whole.filter((one) => !one.binned && !one.put_away),
    away: whole.filter((one) => !one.binned && one.put_away),
    binned: whole.filter((one) => one.binned),
    broken: projects.filter(isBroken),
  };
}

function foldedName(name: string): string {
  return name.normalize("NFC").toLowerCase();
}
