"""Matches of many pictures come back as they went in."""

from annotator.evaluation import joined
from annotator.evaluation.joined import JoinedMatches
from annotator.evaluation.matching import match
from tests.evaluation.random_sets import objects_of, random_set


def plain(one):
    return {name: (value.dtype.str, value.tolist()) for name, value in vars(one).items()}


def test_joined_matches_are_those_that_were_added(monkeypatch):
    monkeypatch.setattr(joined, "TOGETHER", 4)
    annotations, results = random_set(3, pictures=8)
    added, found = [], JoinedMatches()
    for number in range(11):  # those of the pictures that are not there are empty
        truth = objects_of(annotations, number, detections=False)
        added.append(match(truth, objects_of(results, number, detections=True), masks=True))
        found.append(added[-1])
        assert [plain(one) for one in found] == [plain(one) for one in added]
    assert plain(found[-1]) == plain(added[-1])
    assert [plain(one) for one in found[3:6]] == [plain(one) for one in added[3:6]]
