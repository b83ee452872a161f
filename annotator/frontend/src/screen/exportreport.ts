/** What is said of an export: what it would hold, how far it is, and what it held. */
import type { ExportOutlook, ExportRun } from "../saving/exports";
import { t } from "../strings";
import { h } from "../widgets/dom";

/** What would stay behind, a line each. everything: pictures leave that are not reviewed. */
export function leftBehind(seen: ExportOutlook, everything: boolean): string[] {
  return [
    seen.pictures === 0 ? t(everything ? "exportNone" : "exportNoneReviewed") : null,
    seen.undecided === 0 ? null : t("exportUndecided", { n: seen.undecided_pictures, undecided: seen.undecided, threshold: seen.threshold.toFixed(2) }),
    seen.unreviewed === 0 ? null : t("exportLeftOut", { n: seen.unreviewed }),
    seen.unfinished === null ? null : t("exportUnfinished", { name: seen.unfinished[0], done: seen.unfinished[1], total: seen.unfinished[2] }),
  ].filter((line) => line !== null);
}

export function outlookOf(seen: ExportOutlook, everything: boolean): HTMLElement {
  const lines = leftBehind(seen, everything);
  const figure = (n: number, what: "exportPictures" | "exportInstances"): HTMLElement => h("div", {}, h("b", {}, String(n)), ` ${t(what, { n })}`);
  const figures = h("div", { class: "an-export-figures" }, figure(seen.pictures, "exportPictures"), figure(seen.instances, "exportInstances"));
  return h("div", { role: "status" }, figures, lines.length === 0 ? null : h("ul", { class: "an-export-left" }, ...lines.map((line) => h("li", {}, line))));
}

/** How far it is, in words. */
export function stageOf({ stage, done, total }: ExportRun): string {
  if (stage === "waiting") return t("exportWaiting");
  return done < total ? t("exportWriting", { percent: Math.floor((100 * done) / total) }) : t("exportChecking");
}

export function failureOf(line: string): HTMLElement {
  return h("p", { class: "an-export-failure", role: "alert" }, line);
}

/** Of one that has ended; `addressOf` a file. */
export function reportOf(run: ExportRun, addressOf: (file: ExportRun["files"][number]) => string): HTMLElement {
  if (run.error !== null) return failureOf(run.error);
  if (run.cancelled) return h("p", { role: "status" }, t("exportCancelled"));
  const files = run.files.map((file) => h("li", {}, h("a", { class: "an-link", href: addressOf(file), download: "" }, file.name), ` (${sizeOf(file.bytes)})`));
  return h("div", { class: "an-export-report", role: "status" }, h("b", {}, t("exportDownload")), h("ul", {}, ...files), h("pre", {}, run.lines.join("\n")));
}

export function sizeOf(bytes: number): string {
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(0)} MB` : `${Math.max(bytes / 1e3, 1).toFixed(0)} kB`;
}
