"""Decisions of a known truth: networks that are right as often as a rule says, and people who see it."""

import numpy as np

from annotator.core.answers import Answers, Drawings, Evidence, Open, Pictures, Verdict

SECONDS = {Verdict.AS_IT_IS: 1.0, Verdict.ADJUSTED: 4.0, Verdict.WRONG: 1.0}
DRAWING = 12.0


def answers(scores, verdicts, *, images=None, seconds=None, seen=None, network=0, category=1):
    """Of one network and one category; each on a picture of its own unless said otherwise."""
    count = len(scores)
    verdicts = np.asarray(verdicts, np.int64)
    spent = np.array([SECONDS[Verdict(one)] for one in verdicts.tolist()], float) if seconds is None else seconds
    return Answers(
        images=np.arange(1, count + 1) if images is None else np.array(images, np.int64),
        networks=np.full(count, network),
        categories=np.full(count, category),
        scores=np.array(scores, float),
        verdicts=verdicts,
        seconds=np.array(spent, float),
        gestures=np.ones(count),
        seen=np.ones(count, bool) if seen is None else np.array(seen, bool),
    )


def drawings(count, *, seconds=DRAWING, images=None, category=1):
    return Drawings(
        images=np.arange(1, count + 1) if images is None else np.array(images, np.int64),
        categories=np.full(count, category),
        seconds=np.full(count, float(seconds)) if np.isscalar(seconds) else np.array(seconds, float),
        gestures=np.ones(count),
    )


def undecided(scores, *, network=0, category=1, reviewed=False):
    count = len(scores)
    return Open(
        networks=np.full(count, network),
        categories=np.full(count, category),
        scores=np.array(scores, float),
        reviewed=np.full(count, reviewed),
        counts=np.ones(count, np.int64),
    )


def pictures(count, *, seen_from=0.05, seconds=10.0, reviewed=True):
    return Pictures(
        ids=np.arange(1, count + 1),
        networks=np.zeros(count, np.int64),
        alone=np.ones(count, bool),
        reviewed=np.full(count, reviewed),
        seen_from=np.full(count, float(seen_from)) if np.isscalar(seen_from) else np.array(seen_from, float),
        seconds=np.full(count, float(seconds)) if np.isscalar(seconds) else np.array(seconds, float),
        gestures=np.ones(count, np.int64),
        latest=np.arange(1, count + 1),
    )


def evidence(answered=None, *, drawn=None, waits=None, worked=None, waiting=0, networks=("net@1",), thresholds=None):
    return Evidence(
        networks=networks,
        answers=answers([], []) if answered is None else answered,
        drawings=drawings(0) if drawn is None else drawn,
        open=undecided([]) if waits is None else waits,
        pictures=pictures(0) if worked is None else worked,
        waiting=waiting,
        thresholds=thresholds or {},
    )


RULES = {
    "honest": lambda score: score,
    "over-confident": lambda score: score**3,
    "timid": np.sqrt,
    "step": lambda score: np.where(score < 0.62, 0.08, 0.93),
    "falls at the top": lambda score: np.where(score > 0.9, 0.6, score),
}
"""The share of suggestions that are an object, by score."""


def network(rng, count, rule, *, adjusted=0.2):
    """Scores as networks give them, many low ones, and verdicts by the rule."""
    scores = np.clip(rng.beta(0.6, 1.1, count), 0.05, 0.999)
    right = rng.random(count) < RULES[rule](scores)
    verdicts = np.where(
        right, np.where(rng.random(count) < adjusted, Verdict.ADJUSTED, Verdict.AS_IT_IS), Verdict.WRONG
    )
    return scores, verdicts


def work_at(threshold, scores, verdicts):
    """What the suggestions really cost at a threshold, an object that is hidden being drawn."""
    shown = scores >= threshold
    spent = sum(SECONDS[one] * (shown & (verdicts == one)).sum() for one in Verdict)
    return spent + DRAWING * (~shown & (verdicts != Verdict.WRONG)).sum()


def right_by_pictures(rng, count, rule, *, together, each=8):
    """Scores, verdicts and images of pictures with several suggestions.

    together: how much the chance of being right varies from picture to picture, 0 to 1; it is the rule's on average.
    """
    images = np.repeat(np.arange(1, count + 1), each)
    scores, _ = network(rng, count * each, rule)
    chance = RULES[rule](scores)
    luck = rng.choice([-1, 1], count)[images - 1]
    chance = chance + luck * np.minimum(np.sqrt(together * chance * (1 - chance)), np.minimum(chance, 1 - chance))
    return scores, np.where(rng.random(len(scores)) < chance, Verdict.AS_IT_IS, Verdict.WRONG), images
