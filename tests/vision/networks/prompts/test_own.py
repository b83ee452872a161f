"""A promptable network of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotator.core.errors import ModelError
from annotator.vision.networks import zoo
from annotator.vision.networks.prompts.network import PromptNetwork
from annotator.vision.networks.zoo import PromptInfo
from tests.vision.networks.prompts import graphs


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    return tmp_path / "models"


def pair(folder: Path, **decoder: object) -> Path:
    graphs.encoder(folder)
    graphs.decoder(folder, **decoder)  # type: ignore[arg-type]
    return folder


def test_a_pair_is_added_and_works(tmp_path: Path, models: Path) -> None:
    info = zoo.add("clicks", pair(tmp_path / "mine"))
    assert isinstance(info, PromptInfo)
    assert zoo.find_prompt("clicks") == info
    assert {path.name for path in (models / "clicks").iterdir()} == {
        "encoder.xml", "encoder.bin", "decoder.xml", "decoder.bin", "model.toml",
    }  # fmt: skip
    assert PromptNetwork(info).contract.name == "SAM"
    assert info.source == "clicks@1"


def test_a_pair_keeps_the_names_that_its_description_gives(tmp_path: Path) -> None:
    folder = pair(tmp_path / "mine")
    (folder / "model.toml").write_text('kind = "prompt"\nname = "x"\ntitle = "My own"\nversion = "7"\n')
    info = zoo.add("clicks", folder)
    assert (info.name, info.title, info.version) == ("clicks", "My own", "7")


def test_exporters_file_names_are_understood(tmp_path: Path) -> None:
    folder = pair(tmp_path / "mine")
    for suffix in (".xml", ".bin"):
        (folder / f"encoder{suffix}").rename(folder / f"sam2.1_tiny_preprocess{suffix}")
        (folder / f"decoder{suffix}").rename(folder / f"sam2.1_tiny{suffix}")
    assert PromptNetwork(zoo.find_prompt(zoo.add("clicks", folder).name)).contract.name == "SAM"


@pytest.mark.parametrize("missing", ["encoder", "decoder"])
def test_half_a_pair_is_refused(tmp_path: Path, models: Path, missing: str) -> None:
    folder = pair(tmp_path / "mine")
    (folder / f"{missing}.xml").unlink()
    with pytest.raises(ModelError, match="expected one encoder and one decoder"):
        zoo.add("clicks", folder)
    assert not (models / "clicks").exists()


def test_a_pair_that_is_not_understood_is_refused_and_nothing_is_left(tmp_path: Path, models: Path) -> None:
    folder = pair(tmp_path / "mine", names={"points": "input_points"})
    with pytest.raises(ModelError, match=r"decoder\.xml: decoder: an export of Transformers"):
        zoo.add("clicks", folder)
    assert not (models / "clicks").exists()


def test_a_network_that_answers_clicks_is_none_that_detects_and_the_other_way_round(tmp_path: Path) -> None:
    zoo.add("clicks", pair(tmp_path / "mine"))
    assert "clicks" not in [info.name for info in zoo.list_models()]
    with pytest.raises(ModelError, match="'clicks': answers clicks and boxes, and finds nothing by itself"):
        zoo.find("clicks")
    with pytest.raises(ModelError, match=r"'starter-person': finds objects by itself.*clicks"):
        zoo.find_prompt("starter-person")


def test_a_changed_file_is_found_before_it_is_used(tmp_path: Path, models: Path) -> None:
    info = zoo.add("clicks", pair(tmp_path / "mine"))
    path = models / "clicks" / "decoder.xml"
    path.write_text(path.read_text().replace("decoder", "dekoder"))
    with pytest.raises(ModelError, match=r"decoder\.xml: SHA-384 .*, expected .*; delete it"):
        PromptNetwork(info)  # type: ignore[arg-type]
