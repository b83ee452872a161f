"""The recipes of exports/README.md as far as they need no trainer."""

import re

import cv2

from tests.recipes.conftest import RECIPES, recipe


def test_the_python_of_every_recipe_can_be_compiled():
    blocks = re.findall(r"```python\n(.*?)```", RECIPES.read_text(), re.DOTALL)
    assert len(blocks) >= 5
    for block in blocks:
        compile(block, str(RECIPES), "exec")


def test_every_picture_moves_into_the_folder_of_its_part(exported):
    export = exported("polygons")
    recipe("Pictures in a folder for each part")
    for part in ("train", "val"):
        for image in export.document(part)["images"]:
            pixels = cv2.imread(str(export.folder / "images" / part / image["file_name"]))
            assert pixels.shape[:2] == (image["height"], image["width"])


def test_openvino_training_extensions_gets_neither_crowds_nor_pictures_without_instances(exported):
    export = exported("polygons")
    every = export.ids("train") + export.ids("val")
    recipe("OpenVINO Training Extensions")
    left = export.ids("train") + export.ids("val")
    assert sorted(left) == sorted(image_id for image_id in every if export.on(image_id))
    annotations = [row for part in ("train", "val") for row in export.document(part)["annotations"]]
    assert len(annotations) == sum(not truth.crowd for truth in export.truths)
