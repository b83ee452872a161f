"""What holds the house together: imports point down, and nothing is told twice differently."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "annotator"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "node_modules" not in path.parts)
SCRIPTS = [ROOT / "app.py", *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "models").rglob("*.py"))]

# A wing may import from itself and from those that stand before it.
BELOW = {
    "system": set(),
    "core": {"system"},
    "vision": {"system", "core"},
    "storage": {"system", "core"},
    "exchange": {"system", "core", "vision", "storage"},
    "prelabel": {"system", "core", "vision", "storage"},
    "insight": {"system", "core"},
    "evaluation": {"system", "core", "vision", "storage", "exchange", "prelabel", "insight"},
    "api": {"system", "core", "vision", "storage", "exchange", "prelabel"},
    "web": {"system", "core", "vision", "storage", "exchange", "prelabel", "insight", "api", "evaluation"},
    "cli": {"system", "core", "vision", "storage", "exchange", "prelabel", "insight", "evaluation", "web"},
    "__main__": {"cli"},
}


def wing(module: str) -> str:
    return module.split(".")[1]


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "annotator":
                yield from (f"annotator.{alias.name}" for alias in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    if path == PACKAGE / "__init__.py":
        return
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for imported in imports(path):
        if imported.startswith("annotator."):
            allowed = BELOW[wing(module)] | {wing(module)}
            assert wing(imported) in allowed, f"{module} imports {imported}"


def test_what_strangers_may_take_is_known_below_the_page_and_the_routes():
    for path in sorted((PACKAGE / "web" / "sharing").glob("*.py")):
        above = [name for name in imports(path) if name.startswith(("annotator.web.page", "annotator.web.routes"))]
        assert not above, f"{path.name} imports {above[0]}"


def test_no_files_import_each_other_in_a_circle():
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}
    waiting = {module: {name for name in imported_modules(path) if name in files} for module, path in files.items()}
    while free := {module for module, needed in waiting.items() if not needed}:
        waiting = {module: needed - free for module, needed in waiting.items() if module not in free}
    assert not waiting, f"a circle, or above one: {', '.join(sorted(waiting))}"


def imported_modules(path):
    """Names of modules, also where one is imported as a name of its package."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def find_tests(path):
    """The test files of a module: of its own name, or those that its docstring or its package's docstring names."""
    mirrored = ROOT / "tests" / path.relative_to(PACKAGE).with_name(f"test_{path.name}")
    if mirrored.is_file():
        return [mirrored]
    for told in (path, path.with_name("__init__.py")):
        docstring = ast.get_docstring(ast.parse(told.read_text())) or ""
        named = re.findall(r"^Tests: (.*)$", docstring, re.MULTILINE)
        if named:
            return [ROOT / name for line in named for name in line.split(", ")]
    return []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_tests_of_a_module_are_found_under_its_name_or_named_in_it(path):
    found = find_tests(path)
    assert found or path.name == "__init__.py", "no test of its name, and no line `Tests: ` in its docstring"
    assert [test for test in found if not test.is_file()] == []


MAX_LINES, MAX_FUNCTION_LINES = 400, 60


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    text = path.read_text()
    assert text.count("\n") <= MAX_LINES
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [found.name for found in functions if found.end_lineno - found.lineno >= MAX_FUNCTION_LINES]
    assert long == [], f"over {MAX_FUNCTION_LINES} lines"


def test_a_space_installs_what_the_package_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert listed == project["dependencies"]


def test_the_front_matter_names_the_gradio_that_is_allowed_and_the_licence():
    front = (ROOT / "README.md").read_text().split("---")[1]
    values = dict(line.split(": ", 1) for line in front.strip().splitlines())
    assert values["sdk"] == "gradio"
    assert values["sdk_version"].startswith("6.")
    assert values["app_file"] == "app.py"
    assert values["license"] == "apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
