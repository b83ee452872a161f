"""How far the advice can be trusted, on simulated decisions whose truth is known. Seeded; takes some seconds.

    python -m tests.bench.bench_insight [--runs 100] [--answers 400]

Prints how many of 100 intervals hold the truth, of how many auto-accepts the target holds, also of networks that are
too sure of themselves or that change their ways, what the advised threshold costs beyond the best fixed one, and how
many of planted label errors come first in the list of likely ones.
"""

import argparse
import time

import numpy as np

from annotator.insight.advice import THRESHOLDS, advise, precision_share, step_of
from annotator.insight.auto_accept import LEAST_BATCH, SAMPLE, TARGET, Outcome, draw_sample, find_border, judge
from annotator.insight.label_errors import find_doubts
from tests.insight.planted import found_in_the_first, planted
from tests.insight.simulated import RULES, answers, drawings, evidence, network, right_by_pictures, work_at

DRIFT = 0.93
"""What remains of the right ones where a network changes its ways."""

SURE = {
    "sharp": lambda scores: 1 - 0.6 * (1 - scores) ** 0.5 * (scores < 0.7) - 0.004,
    "over-confident": lambda scores: 0.55 + 0.4 * scores**4,
    "just below the target": lambda scores: np.full(len(scores), 0.975),
    "good": lambda scores: np.full(len(scores), 0.995),
    "falls at the top": lambda scores: np.where(scores > 0.95, 0.9, 0.995),
}
"""Networks that may be accepted unseen, or not: the share that is right, by score."""


def coverage(runs, rule, *, together):
    """Of 100 intervals of precision, over five thresholds, those that hold the true share."""
    held, counted = 0, 0
    truth_scores, _ = network(np.random.default_rng(99), 200_000, rule)
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        scores, verdicts, images = right_by_pictures(rng, 100, rule, together=together)
        found = precision_share(answers(scores, verdicts, images=images))
        for threshold in (0.1, 0.3, 0.5, 0.7, 0.8):
            at = step_of(np.array([threshold]))[0]
            truth = RULES[rule](truth_scores[truth_scores >= threshold]).mean()
            held += found.low[at] <= truth <= found.high[at]
            counted += 1
    return 100 * held / counted


def auto_accept(rng, kind, *, drift=1.0, known=1500, later=4000):
    """One run: the true precision of what stays accepted and the interval of its sample; None where nothing does."""
    scores = rng.beta(3, 0.8, known)
    border = find_border(answers(scores, np.where(rng.random(known) < SURE[kind](scores), 0, 2)))
    scores = rng.beta(3, 0.8, later)
    batch = scores[scores >= border.score] if border else []
    if len(batch) < LEAST_BATCH:
        return None
    right = rng.random(len(batch)) < SURE[kind](batch) * drift
    good = int(right[draw_sample(len(batch), seed=int(rng.integers(2**32)))].sum())
    audit = judge(right=good, wrong=SAMPLE - good, left=0)
    return None if audit.outcome is Outcome.FAILS else (right.mean(), audit.right)


def holds(run):
    return run is None or run[0] >= TARGET or run[1].low <= run[0] <= run[1].high


def regret(seed, rule, *, known=400, later=6000):
    """What the advised threshold costs beyond the best fixed one that is found afterwards, as a share."""
    rng = np.random.default_rng(seed)
    given = evidence(answers(*network(rng, known, rule)), drawn=drawings(20))
    later = network(rng, later, rule)
    best = min(work_at(threshold, *later) for threshold in THRESHOLDS)
    return work_at(advise(given)[0].advised, *later) / best - 1


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--answers", type=int, default=400, help="that the advised threshold rests on")
    asked = options.parse_args()
    runs = asked.runs
    began = time.perf_counter()
    for rule in RULES:
        apart, together = (coverage(runs, rule, together=one) for one in (0.0, 0.15))
        print(f"intervals, {rule}: hold the truth in {apart:.1f} %, {together:.1f} % where mistakes fall together")
    for kind in SURE:
        for drift in (1.0, DRIFT):
            rng = np.random.default_rng(1)
            found = [auto_accept(rng, kind, drift=drift) for _ in range(100)]
            kept = [one for one in found if one is not None]
            least = min((one[0] for one in kept), default=1.0)
            named = f"auto-accept, {kind}{', drifting' if drift < 1 else ''}"
            held = sum(map(holds, found))
            print(f"{named}: holds in {held} of 100; {len(kept)} stay accepted, the least right at {least:.3f}")
    for rule in RULES:
        over = [100 * regret(seed, rule, known=asked.answers) for seed in range(runs)]
        most = np.quantile(over, 0.95)
        print(f"threshold, {rule}: {np.mean(over):.1f} % beyond the best fixed one, at most {most:.1f} % in 95 of 100")
    for share in (0.05, 0.1, 0.2):
        lists = [planted(np.random.default_rng(seed)) for seed in range(10)]
        found = [found_in_the_first(find_doubts(pictures), kinds, share)["all"] for pictures, kinds in lists]
        print(f"planted label errors: {100 * np.mean(found):.0f} % in the first {100 * share:.0f} % of the list")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
