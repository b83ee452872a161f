"""The benchmarks' runner: every script is in it, and what they say becomes one table and one document."""

import json
import sys
from pathlib import Path

import pytest

from tests.bench import __main__ as runner
from tests.bench.suite import BENCHMARKS, Benchmark, Outcome, each_object, run


def test_every_benchmark_is_run():
    scripts = {path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")}
    assert {one.name for one in BENCHMARKS} == scripts


def test_objects_are_found_between_other_lines():
    said = 'begins\n{"a": 1}\n{\n "b": {"c": [2, 3]},\n "name": "big"\n}\n{ not JSON\n'
    assert list(each_object(said)) == [{"a": 1}, {"b": {"c": [2, 3]}, "name": "big"}]
    assert Outcome("x", "", 1.0, said).figures == {"a": 1, "big b c 1": 2, "big b c 2": 3}


def test_figures_of_one_name_are_told_apart():
    assert Outcome("x", "", 1.0, '{"a": 1}\n{"a": 2}\n').figures == {"a": 1, "a (2)": 2}


def test_what_cannot_run_here_says_why():
    outcome = run(Benchmark("loop", needs="no_such_module"), quick=True)
    assert (outcome.problem, outcome.seconds) == ("no_such_module is not installed", 0.0)


def test_a_report_becomes_a_table_and_a_document(monkeypatch, tmp_path, capsys):
    said = {"page": '{"help_s": 0.07}\n', "masks": "640x480: 5 ms\n", "coco": ""}
    problems = {"coco": "MemoryError"}
    monkeypatch.setattr(
        runner,
        "run",
        lambda one, quick: Outcome(one.name, "python -m it", 1.0, said[one.name], problems.get(one.name, "")),
    )
    out = tmp_path / "report.json"
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "page,masks,coco", "--quick", "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        runner.main()
    assert ended.value.code == 1  # one failed
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["page", "help_s", "0.07"] in lines
    assert ["masks", "640x480:", "5", "ms"] in lines
    assert ["coco", "not", "measured", "MemoryError"] in lines
    document = runner.page(json.loads(out.read_text()))
    assert "| help_s | 0.07 |" in document
    assert "Not measured here: MemoryError." in document
    assert "How soon the command line answers" in document
