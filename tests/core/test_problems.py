"""Problems are told a few of each kind, and the others are counted."""

from annotator.core.problems import Findings, Problem


def test_of_each_kind_a_few_are_told_and_the_last_one_says_how_many_more_there_are():
    findings = Findings(2)
    for index in range(5):
        findings.error(f"annotations[{index}].area", f"is {-index}, expected a number from 0 on (id {index})")
        findings.warn(f"images[{index}].file_name", f"'{index}.jpg' leads out")
    findings.error("annotations[9].area", "is absent")
    assert [str(problem) for problem in findings.problems] == [
        "annotations[0].area: is 0, expected a number from 0 on (id 0)",
        "images[0].file_name: '0.jpg' leads out",
        "annotations[1].area: is -1, expected a number from 0 on (id 1) (and 3 more like this)",
        "images[1].file_name: '1.jpg' leads out (and 3 more like this)",
        "annotations[9].area: is absent",
    ]
    assert sum(1 + problem.more for problem in findings.problems) == 11
    assert [problem.path for problem in findings.errors] == [f"annotations[{index}].area" for index in (0, 1, 9)]


def test_all_are_told_where_asked():
    findings = Findings()
    for index in range(100):
        findings.note(f"[{index}]", "x")
    assert len(findings.problems) == 100


def test_kinds_without_end_are_bounded_too():
    findings = Findings(3)
    for index in range(100_000):
        findings.error(f"annotations[0].{'x' * (index % 500)}{chr(97 + index % 26)}", "is odd")
    told = findings.problems
    assert len(told) < 1_000
    assert sum(1 + problem.more for problem in told) == 100_000


def test_a_problem_names_its_file_where_there_are_several():
    assert str(Problem("error", "images", "none", "a.json")) == "a.json: images: none"
    assert str(Problem("error", "", "none")) == "none"
