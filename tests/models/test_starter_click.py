"""The bundled network answers as its files are, on a real picture."""

import numpy as np

import annotator
from annotator.system import paths

ASTRONAUT = (342, 153, 548, 470)


def test_a_click_and_a_box_find_the_same_object_and_a_correction_is_obeyed():
    look = annotator.load_prompt_model("starter-click").look(paths.EXAMPLES / "apollo-11-crew.jpg")
    by_click, by_box = look.ask(points=[(444, 337)]), look.ask(box=ASTRONAUT)
    overlap = np.count_nonzero(by_click.mask & by_box.mask) / np.count_nonzero(by_click.mask | by_box.mask)
    assert overlap > 0.7
    assert by_click.mask[337, 444]
    y, x = np.argwhere(by_click.mask)[0]
    corrected = look.ask(points=[(444, 337)], not_points=[(x + 0.5, y + 0.5)], earlier=by_click)
    assert corrected.mask[337, 444]
    assert not corrected.mask[y, x]
