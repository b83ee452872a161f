/** The scores of a picture's suggestions as the queue brings them: a character each, of a hundredth's precision. */
import type { QueueImage, WireCategory } from "./protocol";
import type { Instance, Scene } from "./scene";
import { ownThresholds } from "./scene";

/** The character of a score below 0.01 (FIRST_SCORE in annotator/storage/images.py). */
const FIRST = 256;
/** Those of suggestions that their category's own threshold shows or hides, whatever the general one is. */
const ALWAYS = FIRST + 100;
const NEVER = FIRST - 1;

export function scoresOf(instances: readonly Instance[], categories: readonly WireCategory[]): string {
  const own = ownThresholds(categories);
  const code = ({ score, category }: Instance): number => {
    const threshold = own.get(category);
    if (threshold === undefined) return FIRST + hundredths(score ?? 1);
    return score === null || score >= threshold ? ALWAYS : NEVER;
  };
  const suggested = instances.filter((one) => one.state === "suggested");
  return suggested.map((one) => String.fromCharCode(code(one))).join("");
}

/** A picture of the queue as its scene stands here. */
export function withCounts(image: QueueImage, { reviewed, instances }: Scene, categories: readonly WireCategory[]): QueueImage {
  const count = (state: Instance["state"]): number => instances.filter((one) => one.state === state).length;
  const [accepted, suggested, rejected] = [count("accepted"), count("suggested"), count("rejected")];
  return { ...image, reviewed, accepted, suggested, rejected, scores: scoresOf(instances, categories) };
}

/** How many of them a threshold shows. */
export function shownOf(scores: string, threshold: number): number {
  const least = FIRST + Math.ceil(threshold * 100 - 1e-6);
  let shown = 0;
  for (let index = 0; index < scores.length; index++) if (scores.charCodeAt(index) >= least) shown++;
  return shown;
}

function hundredths(score: number): number {
  return Math.max(0, Math.min(100, Math.floor(score * 100 + 1e-9)));
}
