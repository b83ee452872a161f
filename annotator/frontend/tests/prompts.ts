/** Networks in memory that answer clicks and boxes. */
import type { AskedPrompt, PromptAnswer } from "../src/saving/prompts";
import { squareRle } from "./server";

export const BY = "starter-click@0123456789ab";

/** Answers each prompt at once, with the square whose number is how many points there are. */
export class Prompts {
  readonly asked: { readonly imageId: number; readonly said: AskedPrompt }[] = [];
  readonly prepared: number[] = [];
  /** Null where no network is there. */
  by: string | null = BY;

  prepare = async (imageId: number): Promise<{ by: string | null }> => (this.prepared.push(imageId), { by: this.by });

  ask = (imageId: number, said: AskedPrompt): Promise<PromptAnswer> => {
    this.asked.push({ imageId, said });
    return this.answer(said);
  };

  protected answer(said: AskedPrompt): Promise<PromptAnswer> {
    return Promise.resolve(answerTo(said));
  }
}

/** Answers when the test says so, in whatever way. */
export class SlowPrompts extends Prompts {
  private readonly waiting: { readonly said: AskedPrompt; readonly settle: (answer: PromptAnswer) => void; readonly fail: (error: unknown) => void }[] = [];

  get open(): number {
    return this.waiting.length;
  }

  next(answer: Partial<PromptAnswer> = {}): void {
    const one = this.waiting.shift()!;
    one.settle({ ...answerTo(one.said), ...answer });
  }

  fail(error: unknown): void {
    this.waiting.shift()!.fail(error);
  }

  protected override answer(said: AskedPrompt): Promise<PromptAnswer> {
    return new Promise((settle, fail) => this.waiting.push({ said, settle, fail }));
  }
}

function answerTo({ number, points }: AskedPrompt): PromptAnswer {
  return { number, by: BY, rle: squareRle(Math.min(points.length, 4)), heatmap: null };
}
