"""The benchmarks' runner: every script is in it, and what they say becomes one table and one document."""

import json
import sys
from pathlib import Path

import pytest

from tests.bench import __main__ as runner
from tests.bench import suite
from tests.bench.figures import GROUPS, Figure
from tests.bench.suite import BENCHMARKS, Benchmark, Outcome, Size, each_object, run


def test_every_benchmark_is_run_and_has_figures_in_the_document():
    scripts = {path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")}
    assert {one.name for one in BENCHMARKS} == scripts
    shown = {figure.script for figures in GROUPS.values() for figure in figures}
    assert shown == {one.name for one in BENCHMARKS if not one.apart}


def test_a_usual_run_fits_into_a_lunch_break_and_the_long_one_takes_no_arguments():
    assert sum(one.minutes for one in BENCHMARKS if not one.apart) <= 40
    for one in BENCHMARKS:
        assert one.command(Size.LONG) == ["python", "-m", f"tests.bench.bench_{one.name}", *one.always]
        assert (one.long == "the same") == (not one.usual and not one.apart), one.name


def test_objects_are_found_between_other_lines():
    said = 'begins\n{"a": 1}\n{\n "b": {"c": [2, 3]},\n "name": "big"\n}\n{ not JSON\n'
    assert list(each_object(said)) == [{"a": 1}, {"b": {"c": [2, 3]}, "name": "big"}]
    assert Outcome("x", "", 1.0, said).figures == {"a": 1, "big b c 1": 2, "big b c 2": 3}


def test_figures_of_one_name_are_told_apart():
    assert Outcome("x", "", 1.0, '{"a": 1}\n{"a": 2}\n').figures == {"a": 1, "a (2)": 2}


@pytest.mark.parametrize(
    ("where", "said", "value"),
    [
        ("a b", '{"a": {"b": 0.0712}}', "0.0712 s"),
        ("a b", '{"a": {"b": 12345.6}}', "12,346 s"),
        (r"^read +([\d.]+) ms", "write  1.0 ms\nread   8.74 ms", "8.74 s"),
        ("a b", '{"a": {"c": 1}}', None),
    ],
)
def test_a_figure_is_found_in_json_and_in_text(where, said, value):
    assert Figure("x", "", where, "s").value(Outcome("x", "", 1.0, said)) == value


def test_what_cannot_run_here_says_why_and_is_no_failure():
    outcome = run(Benchmark("loop", needs=("no_such_module",)), Size.QUICK)
    assert (outcome.problem, outcome.failed) == ("no_such_module is not installed", False)


def test_one_that_fails_or_hangs_says_so_and_ends(monkeypatch):
    monkeypatch.setattr(Benchmark, "command", lambda one, size: ["python", "-c", one.always[0]])
    failed = run(Benchmark("x", ("raise SystemExit('no room')",)), Size.QUICK)
    assert (failed.problem, failed.failed) == ("no room", True)
    monkeypatch.setattr(suite, "SPARE_MINUTES", 0.005)
    hangs = "import subprocess; print('begun', flush=True); subprocess.run(['sleep', '60'])"
    hung = run(Benchmark("x", (hangs,), minutes=0), Size.USUAL)
    assert (hung.problem, hung.failed) == ("stopped after 0 minutes", True)


def test_a_report_becomes_a_table_and_a_document(monkeypatch, tmp_path, capsys):
    said = {"page": '{"help_s": 0.07}\n', "masks": "640x480: 5 ms\n", "coco": ""}
    problems = {"coco": "MemoryError"}

    def made(one, size):
        problem = problems.get(one.name, "")
        return Outcome(one.name, "python -m it", 70.0, said[one.name], problem, failed=bool(problem))

    monkeypatch.setattr(runner, "run", made)
    out = tmp_path / "report.json"
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "page,masks,coco", "--quick", "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        runner.main()
    assert ended.value.code == 1  # one failed
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["`annotator", "--help`", "0.07", "s", "page"] in lines
    assert ["coco:", "MemoryError"] in lines
    assert ["masks:", "it", "did", "not", "say:", "openvino-model-api's", "way", "with", "the", "latter"] in lines
    document = runner.page(json.loads(out.read_text()))
    assert "| `annotator --help` | 0.07 s | [page](../tests/bench/bench_page.py) |" in document
    assert "| 100 heatmaps to run lengths, 640 x 480 | 5 ms |" in document
    assert "does nothing else; about 4 minutes on two cores" in document  # what this run took
    assert "| `coco` | not measured: MemoryError | 10 minutes |" in document
    assert "| `users` | not run | 11 minutes |" in document
