"""The lowest release of each dependency that pyproject.toml allows, with its patches, as constraints for pip."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text())["project"]
for requirement in project["dependencies"]:
    name, lowest = re.fullmatch(r"([a-z-]+)>=([0-9.]+),<[0-9.]+", requirement).groups()
    print(f"{name}=={lowest}.*")
