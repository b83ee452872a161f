"""Datasets to import, and the import of one."""

from annotator.core.dataset import (
    Category,
    Dataset,
    Image,
    Instance,
    State,
)
from annotator.storage.imports import Arrival, How, Picture
from tests.storage.builders import HEIGHT, WIDTH, block


def an_image(id, name="x.jpg"):
    return Image(id, name, WIDTH, HEIGHT, "")


def an_instance(id, image_id, x=2, *, category_id=1, **more):
    return Instance(id, str(id), image_id, category_id, State.ACCEPTED, block(x), source="import", **more)


PERSON = Category(1, "person", "person")


HELMET = Category(7, "helmet")


def pictures(dataset):
    """Each image's content is its name."""
    return {image.id: Picture(image.file_name.encode(), image.width, image.height) for image in dataset.images}


def bring(store, dataset, contents=None, **how):
    arrival = Arrival("", dataset, pictures(dataset) if contents is None else contents)
    return store.import_files([arrival], how=How(**how)).reports[0]


DATASET = Dataset(
    (PERSON, HELMET),
    (an_image(30, "a.jpg"), an_image(4, "b.jpg")),
    (an_instance(100, 30), an_instance(5, 4, 3, category_id=7), an_instance(6, 4, 9)),
    {"info": {"year": 2017}},
)
