/** The tab Export: asks what would leave, lets it be written, and hands out the files. */
import type { QueueTrouble } from "../document/protocol";
import type { Api } from "../saving/api";
import { lineOf } from "../saving/errors";
import type { ExportRun } from "../saving/exports";
import { ExportApi } from "../saving/exports";
import type { Shelf } from "../saving/shelf";
import { preference, setPreference } from "../saving/shelf";
import { troubleOf } from "../session/queue";
import { t } from "../strings";
import { button, h, setText } from "../widgets/dom";
import type { Meant } from "./exportform";
import { ExportForm } from "./exportform";
import { failureOf, outlookOf, reportOf, stageOf } from "./exportreport";
import { sayTrouble } from "./queuehead";
import { whyNot } from "./rights";

/** How long nobody types before what is typed is looked at. */
const PAUSE_MS = 250;
const POLL_MS = 400;
/** A server that restarts answers again after a while. */
const TRIES = 20;

export interface ExportTabOptions {
  readonly api: Pick<Api, "root" | "project">;
  readonly shelf: Shelf | null;
  readonly language: string;
  /** The score from which on suggestions count. */
  readonly threshold: () => number;
}

export class ExportTab {
  /** What is asked for, and beside it what comes of it. */
  readonly form = h("div", { class: "an-export" });
  readonly side = h("div", { class: "an-export" });
  private readonly api: ExportApi;
  private readonly go: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  private readonly fill = h("span", { class: "an-bar-fill" });
  private readonly bar = h("span", { class: "an-bar", role: "progressbar", "aria-label": t("exportGo") }, this.fill);
  private readonly stage = h("p");
  private readonly progress = h("div", { class: "an-export-progress", hidden: true }, this.stage, this.bar);
  private readonly ahead = h("div", { id: "export-ahead" });
  private readonly report = h("div", { id: "export-report" });
  private fields: Promise<ExportForm> | null = null;
  private asked = 0;
  private timer = 0;
  private running = false;
  private stopped = false;

  constructor(private readonly options: ExportTabOptions) {
    this.api = new ExportApi(options.api);
    this.go = button({ text: t("exportGo"), class: "an-button is-primary", onClick: () => void this.start() });
    this.go.id = "export-button";
    this.stop = button({ text: t("cancel"), class: "an-button", onClick: () => void this.cancel() });
    this.stop.hidden = true;
    const said = h("div", { class: "an-export-said" }, this.progress, this.ahead, this.report);
    this.side.append(h("section", { class: "an-export-card" }, h("div", { class: "an-export-go" }, this.go, this.stop), whyNot(), said));
  }

  /** The tab was opened: what leaves is looked at again. An export of this browser's that goes on is followed. */
  async show(): Promise<void> {
    const form = await this.prepared();
    if (form === null) return;
    this.look(form);
    if (this.running) return;
    const run = await this.api.status().catch(() => null);
    const isMine = run !== null && run.id === preference<string | null>(this.options.shelf, this.runName, null);
    if (isMine && !this.running) await this.follow(run);
  }

  async exportOnly(meant: Meant): Promise<void> {
    (await this.prepared())?.mean(meant);
  }

  destroy(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private get runName(): string {
    return `export-run:${this.options.api.project}`;
  }

  /** The form, which the server's formats are asked for; null where they did not come. */
  private async prepared(): Promise<ExportForm | null> {
    try {
      return await (this.fields ??= this.makeForm());
    } catch (error) {
      this.fields = null;
      this.ahead.replaceChildren(failureOf(lineOf(error)));
      return null;
    }
  }

  private async makeForm(): Promise<ExportForm> {
    const { shelf, language, api } = this.options;
    const choices = await this.api.choices();
    const form = new ExportForm({ choices, language, shelf, project: api.project, onWhich: (typed) => this.lookSoon(form, typed ? PAUSE_MS : 0) });
    this.form.replaceChildren(form.element);
    return form;
  }

  // --- looking ahead ---

  private lookSoon(form: ExportForm, after: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.look(form), after);
  }

  private look(form: ExportForm): void {
    clearTimeout(this.timer);
    const mine = ++this.asked;
    const which = { ...form.which(), threshold: this.options.threshold() };
    const tell = (content: readonly Node[], isWrong: boolean): void => {
      if (mine !== this.asked) return;
      form.showTrouble(isWrong);
      this.ahead.replaceChildren(...content);
    };
    this.api.ahead(which).then(
      (seen) => tell([outlookOf(seen, which.unreviewed)], false),
      (error: unknown) => {
        const trouble = troubleOf(error, which.only);
        tell([trouble === null ? failureOf(lineOf(error)) : troubleLine(trouble)], trouble !== null);
      },
    );
  }

  // --- writing ---

  private async start(): Promise<void> {
    const form = await this.prepared();
    if (form === null || this.running) return;
    this.setRunning(true);
    this.report.replaceChildren();
    setText(this.stage, t("exportWaiting"));
    show(this.progress);
    try {
      const run = await this.api.start({ ...form.which(), ...form.how(), threshold: this.options.threshold() });
      setPreference(this.options.shelf, this.runName, run.id);
      await this.follow(run);
    } catch (error) {
      this.setRunning(false);
      this.report.replaceChildren(failureOf(lineOf(error)));
    }
  }

  private async cancel(): Promise<void> {
    setText(this.stage, t("exportCancelling"));
    await this.api.cancel().catch((error: unknown) => this.report.replaceChildren(failureOf(lineOf(error))));
  }

  /** Resolves when it has ended, and was told. */
  private async follow(begun: ExportRun): Promise<void> {
    this.setRunning(true);
    let run: ExportRun | null = begun;
    for (let missed = 0; run !== null && run.stage !== "ended" && missed <= TRIES && !this.stopped; ) {
      if (!run.cancelled) this.tell(run);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const answer = await this.api.status().catch(() => undefined);
      missed = answer === undefined ? missed + 1 : 0;
      if (answer !== undefined) run = answer?.id === begun.id ? answer : null;
    }
    this.setRunning(false);
    const hasEnded = run?.stage === "ended";
    this.report.replaceChildren(hasEnded ? reportOf(run!, (file) => this.api.address(file)) : failureOf(t("exportLost")));
    show(this.report);
  }

  private tell(run: ExportRun): void {
    setText(this.stage, stageOf(run));
    const percent = run.total === 0 ? 0 : (100 * run.done) / run.total;
    this.bar.hidden = run.total === 0;
    this.bar.setAttribute("aria-valuenow", percent.toFixed(0));
    this.fill.style.width = `${percent}%`;
  }

  /** The button keeps the focus while it has nothing to do. */
  private setRunning(running: boolean): void {
    this.running = running;
    this.go.setAttribute("aria-disabled", String(running));
    this.stop.hidden = this.progress.hidden = !running;
  }
}

/** On a phone it lies below what is asked for. */
function show(element: HTMLElement): void {
  element.scrollIntoView({ block: "nearest" });
}

function troubleLine(trouble: QueueTrouble): HTMLElement {
  return h("p", { class: "an-export-failure", role: "alert" }, ...sayTrouble(trouble));
}
