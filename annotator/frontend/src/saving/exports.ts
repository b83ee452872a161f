/** Requests about exports: what one would hold, one at work, and the addresses of its files. */
import type { Api } from "./api";
import { json, request } from "./api";

/** What there is to choose from; `takes` are the options that a format has, `titles` its names by language. */
export interface ExportChoices {
  readonly formats: readonly { readonly name: string; readonly titles: Readonly<Record<string, string>>; readonly takes: readonly string[] }[];
  readonly masks: readonly string[];
  readonly splits: readonly string[];
  /** Whether there are tables of how far people agree. */
  readonly agreement: boolean;
}

/** The pictures that leave: those that fit an expression and, where there are `ids`, are among them. */
export interface ExportWhich {
  readonly only: string;
  readonly ids?: readonly number[];
  readonly unreviewed: boolean;
  /** Of the suggestions that count. */
  readonly threshold: number;
}

/** How they leave. */
export interface ExportHow {
  readonly format: string;
  readonly masks: string;
  readonly split: string;
  readonly with_images: boolean;
  readonly provenance: boolean;
  readonly agreement: boolean;
}

/** What an export would hold; what it would not: `undecided` suggestions on reviewed pictures, `unreviewed` pictures, and what an import that was stopped would still bring. */
export interface ExportOutlook {
  readonly pictures: number;
  readonly instances: number;
  readonly undecided: number;
  readonly undecided_pictures: number;
  readonly unreviewed: number;
  readonly threshold: number;
  readonly unfinished: readonly [name: string, done: number, total: number] | null;
}

/** An export, at work or ended; a `total` of 0 has nothing to count. `made` tells a file from a later one of its name. */
export interface ExportRun {
  readonly id: string;
  readonly stage: "waiting" | "writing" | "ended";
  readonly done: number;
  readonly total: number;
  readonly cancelled: boolean;
  readonly error: string | null;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly made: string }[];
  readonly lines: readonly string[];
}

export class ExportApi {
  private readonly root: string;

  constructor(api: Pick<Api, "root">) {
    this.root = `${api.root}/exports`;
  }

  choices(): Promise<ExportChoices> {
    return request(`${this.root}/choices`);
  }

  ahead(which: ExportWhich): Promise<ExportOutlook> {
    return request(`${this.root}/ahead`, json("POST", which));
  }

  async start(asked: ExportWhich & ExportHow): Promise<ExportRun> {
    const { run } = await request<{ run: ExportRun }>(this.root, json("POST", asked));
    return run;
  }

  /** The project's latest export since the server started. */
  async status(): Promise<ExportRun | null> {
    return (await request<{ run: ExportRun | null }>(this.root)).run;
  }

  cancel(): Promise<unknown> {
    return request(`${this.root}/cancel`, { method: "POST" });
  }

  address({ name, made }: ExportRun["files"][number]): string {
    return `${this.root}/${encodeURIComponent(name)}?made=${encodeURIComponent(made)}`;
  }
}
