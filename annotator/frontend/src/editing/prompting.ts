/**
 * Pointing at objects: each click or box is asked of the server, and what it answers is shown until the object is kept,
 * which is one gesture. One question of an object is under way at a time, and the next one says all that was said
 * meanwhile: however fast somebody clicks, answers come in order, and the last one counts.
 */
import type { Box, Point } from "../document/geometry";
import { outlineOf } from "../document/outline";
import { runsOfMask } from "../document/paint";
import type { PromptBox, PromptPoint } from "../document/protocol";
import { encodeCounts } from "../document/rle";
import type { Edit, Scene } from "../document/scene";
import { drawnInstance, find, isLocked, maskOfRle, reshaped, unchanged } from "../document/scene";
import { RefusedError, lineOf } from "../saving/errors";
import type { AskedPrompt, PromptsApi } from "../saving/prompts";
import type { Session } from "../session/session";
import { selectedInstance } from "../session/view";
import { t } from "../strings";
import type { Found, Step } from "./pointed";
import { Pointed } from "./pointed";
import { Preview } from "./preview";
import type { ReadinessOptions } from "./readiness";
import { Readiness } from "./readiness";
import { likelyCategory } from "./review";

/** Of one object (annotator/core/prompt.py). Whoever has set as many is better off drawing. */
export const MOST_POINTS = 200;

/** A server that is away, or has too much to do, is asked again: so often, so far apart. */
const TRIES = 60;
const AGAIN_MS = 1000;

export interface PromptingOptions extends ReadinessOptions {
  readonly session: Session;
  readonly api: Pick<PromptsApi, "ask" | "prepare">;
  /** Asks the person; null where they give up. */
  readonly pickCategory: () => Promise<number | null>;
  readonly notice: (text: string, detail?: string) => void;
  readonly wait?: (ms: number) => Promise<unknown>;
}

export class Prompting {
  readonly readiness: Readiness;
  readonly preview: Preview;
  /** Called with every change of the object, of which the view knows no more than its mask. */
  onChange: () => void = () => {};
  /** What is pointed at; null between two objects. */
  object: Pointed | null = null;
  private number = 0;
  /** Objects that are asked about, or on their way to becoming instances. */
  private under = 0;
  /** The last question for a category that is not answered yet. */
  private question: Promise<void> | null = null;

  constructor(private readonly options: PromptingOptions) {
    this.readiness = new Readiness(options);
    this.preview = new Preview(options);
    // Whoever is told of a change after this, and gives up what was begun, finds it kept already.
    options.session.view.subscribe((now, before) => {
      const { object } = this;
      if (object === null) return;
      const left = now.scene?.imageId !== object.picture.imageId || now.tool !== before.tool || now.selection !== before.selection;
      // In the middle of another gesture, none may be made: its own is just being written down.
      if (left) this.keep(Promise.resolve());
      else if (now.scene !== before.scene && object.before !== null && unchanged(now.scene, object.before) === null) this.drop();
      // Whatever else is done to the picture ends the shapes that are on their way.
      else if (now.draft === null && before.draft !== null) this.show();
    });
  }

  /** Whether nothing is on its way to becoming an instance. */
  get isIdle(): boolean {
    return this.under === 0;
  }

  /** A place that belongs to the object, or does not. */
  point([x, y]: Point, belongs: boolean): void {
    const object = this.begun();
    if (object === null) return;
    if (object.points.length >= MOST_POINTS) return this.options.notice(t("pointMost", { n: MOST_POINTS }));
    this.say(object, [...object.points, [tenths(x), tenths(y), belongs ? 1 : 0]], object.box);
  }

  /** A box around the object, in the place of the one before. */
  boxed({ x0, y0, x1, y1 }: Box): void {
    const object = this.begun();
    if (object !== null) this.say(object, object.points, [tenths(x0), tenths(y0), tenths(x1), tenths(y1)]);
  }

  /** Takes the last point back, one of an earlier day as well; false where there is none. */
  takeBack(): boolean {
    const object = this.object ?? this.repaired();
    return object?.endsEarlier === true ? this.takeEarlierBack(object) : this.undo();
  }

  /** Takes back what was said last since the object was begun; false where there is none. */
  undo(): boolean {
    const { object } = this;
    if (object?.last === undefined) return false;
    object.takeBack(object.last);
    if (object.steps.length === 0) return this.drop();
    this.show();
    return true;
  }

  private takeEarlierBack(object: Pointed): true {
    if (!object.takeEarlierBack()) this.options.notice(t("pointOnly"));
    else {
      this.object = object;
      this.askFor(object);
      this.onChange();
    }
    return true;
  }

  /** Gives the object up; false where there is none. */
  drop(): boolean {
    const { object } = this;
    if (object === null) return false;
    object.isDropped = true;
    this.leave();
    return true;
  }

  /**
   * Ends the object: it becomes an instance, or the mask of the one that it repairs. False where there is none.
   * first: what is waited for.
   */
  keep(first?: Promise<void>): boolean {
    const { object } = this;
    if (object === null) return false;
    object.isKept = true;
    this.leave();
    const { view } = this.options.session;
    // The next click is about another object.
    if (object.before !== null && view.get().selection.includes(object.before.key)) view.set({ selection: [] });
    if (object.isAsked) return true;
    const commit = (): Promise<void> => this.commit(object);
    void this.during(() => (first === undefined ? commit() : first.then(commit)));
    return true;
  }

  /** What is pointed at is of this category, and what comes after it. */
  choose(category: number): void {
    if (this.object !== null) this.object.category = category;
    this.options.session.view.set({ category });
  }

  private begun(): Pointed | null {
    const { session } = this.options;
    const { scene } = session.view.get();
    if (scene === null) return null;
    this.object ??= this.repaired() ?? new Pointed(scene, null, likelyCategory(session));
    return this.object;
  }

  /** The repair of the selected instance, before anything is said; null where none is selected. */
  private repaired(): Pointed | null {
    const view = this.options.session.view.get();
    const before = selectedInstance(view);
    return before === null || view.scene === null ? null : new Pointed(view.scene, before, before.category);
  }

  private say(object: Pointed, points: readonly PromptPoint[], box: PromptBox | null): void {
    object.say(points, box);
    this.askFor(object);
  }

  private askFor(object: Pointed): void {
    if (!object.isAsked) void this.during(() => this.ask(object));
  }

  private async during(work: () => Promise<void>): Promise<void> {
    this.under++;
    await work().finally(() => this.under--);
  }

  /** Asks until the last step is answered. */
  private async ask(object: Pointed): Promise<void> {
    object.isAsked = true;
    let failures = 0;
    while (!object.isDropped) {
      const step = object.last;
      if (step === undefined || step.found !== null) break;
      try {
        await this.answer(object, step);
        failures = 0;
      } catch (error) {
        if (isRefusal(error) || ++failures > TRIES) this.refuse(object, step, lineOf(error));
        else await this.patience(failures);
      }
    }
    object.isAsked = false;
    if (object.isDropped) return;
    if (object.isKept) await this.commit(object);
    else if (object.steps.length === 0) this.drop();
  }

  private async answer(object: Pointed, step: Step): Promise<void> {
    const number = ++this.number;
    const answer = await this.options.api.ask(object.picture.imageId, { number, ...said(object, step) });
    if (answer.number !== number) throw new TypeError("the answer to another question");
    if (answer.rle === null) return this.refuse(object, step, t("pointTakenBack"));
    const heatmap = answer.heatmap === null ? {} : { heatmap: answer.heatmap };
    step.found = { mask: { ...maskOfRle(answer.rle, object.picture.height), ...heatmap }, by: answer.by };
    if (object === this.object) this.show();
  }

  private async patience(failures: number): Promise<void> {
    if (failures === 1) this.options.notice(t("pointAway"), t("pointAwayHint"));
    await (this.options.wait ?? pause)(AGAIN_MS);
  }

  /** A step without an answer goes, and the mask stays as it was. */
  private refuse(object: Pointed, step: Step, detail: string): void {
    if (!object.takeBack(step) || object.isDropped) return;
    this.options.notice(t((object.found ?? object.before) === null ? "pointNowhere" : "pointNothing"), detail);
    if (object === this.object) this.show();
  }

  private show(): void {
    const { object } = this;
    const { session } = this.options;
    const mask = object?.found?.mask;
    session.showDraft(mask === undefined ? null : { key: object!.before?.key ?? null, parts: outlineOf(mask).parts });
    this.onChange();
  }

  private leave(): void {
    this.object = null;
    this.options.session.showDraft(null);
    this.options.session.view.set({ pointsBelong: true });
    this.onChange();
  }

  /** One gesture, on whichever picture it was. */
  private async commit(object: Pointed): Promise<void> {
    const { found, before } = object;
    if (found === null) return;
    const { session } = this.options;
    const { scene: open } = session.view.get();
    // What another picture holds says nothing of this one.
    const likely = open?.imageId === object.picture.imageId ? likelyCategory(session) : likelyCategory(session, []);
    const category = object.category ?? likely ?? (await this.askCategory(object, found));
    if (category === null) return;
    session.view.set(before === null ? { category } : {});
    const verb = before === null ? "add" : "edit";
    const edit = (scene: Scene): Edit[] => this.editOf(scene, object, found, category);
    const { scene } = session.view.get();
    if (scene?.imageId === object.picture.imageId) session.commit(verb, edit(scene));
    else await session.commitOn(object.picture.imageId, verb, edit);
  }

  /** One question at a time, each over its own picture: the page goes back there, and on again once it is answered. */
  private askCategory(object: Pointed, found: Found): Promise<number | null> {
    const { session } = this.options;
    const ask = async (): Promise<number | null> => {
      // What was answered to the question before is chosen now.
      const { category: chosen } = session.view.get();
      if (chosen !== null) return chosen;
      const went = session.imageId();
      if (went !== object.picture.imageId) await session.open(object.picture.imageId);
      const category = await this.askHere(object, found);
      if (category === null) return null;
      session.view.set({ category });
      if (went !== null && went !== object.picture.imageId) await session.open(went);
      return category;
    };
    const asked = this.question === null ? ask() : this.question.then(ask);
    const ended = asked.then(() => {}, () => {}).finally(() => (this.question = this.question === ended ? null : this.question));
    this.question = ended;
    return asked;
  }

  /** What is to be named stays in sight. Whoever gives up goes on pointing at it: their clicks are not lost. */
  private async askHere(object: Pointed, { mask }: Found): Promise<number | null> {
    const { session, pickCategory } = this.options;
    const isAtHand = (): boolean => {
      const { scene, tool } = session.view.get();
      return this.object === null && scene?.imageId === object.picture.imageId && tool === "point";
    };
    if (isAtHand()) session.showDraft({ key: null, parts: outlineOf(mask).parts });
    const category = await pickCategory();
    if (!isAtHand()) return category;
    session.showDraft(null);
    if (category !== null) return category;
    object.isKept = false;
    this.object = object;
    this.show();
    return null;
  }

  private editOf(scene: Scene, object: Pointed, { mask, by }: Found, category: number): Edit[] {
    const prompt = { by, points: object.points, box: object.box };
    if (object.before === null) return [{ before: null, after: { ...drawnInstance(category, mask), prompt } }];
    const now = find(scene, object.before.key);
    if (now === null || isLocked(now)) {
      this.options.notice(t("pointGone"));
      return [];
    }
    return [{ before: now, after: { ...reshaped(now, mask), category, prompt } }];
  }
}

/** What is asked of one step: all that was said, and the mask that it is about. */
function said(object: Pointed, step: Step): Omit<AskedPrompt, "number"> {
  const { points, box } = step;
  const mask = object.earlier(step);
  const said = { points, ...(box === null ? {} : { box }) };
  if (mask === null) return said;
  const prompt = object.repairs ? { ...said, repairs: true as const } : said;
  if (mask.heatmap !== undefined && mask.level === undefined) return { ...prompt, heatmap: mask.heatmap };
  return { ...prompt, rle: mask.rle ?? encodeCounts(runsOfMask(mask, object.picture.width)) };
}

/** Whether the server will say the same again: it neither is away nor has too much to do. */
function isRefusal(error: unknown): boolean {
  return error instanceof RefusedError && error.status < 500;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

function pause(ms: number): Promise<unknown> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
