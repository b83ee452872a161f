import pytest

from annotator.prelabel.cluster.worker import Plan, Worker, files_of
from annotator.vision.networks import zoo
from tests.conftest import picture


@pytest.fixture
def plan(known_model):
    return Plan(zoo.find(known_model), floor=0.05)


@pytest.fixture
def folder(tmp_path):
    """Forty pictures, one of them broken, one as another, in two folders."""
    made = tmp_path / "pictures"
    for index in range(40):
        path = made / f"part{index % 2}" / f"{index:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture" if index == 3 else picture(seed=20 if index == 21 else index))
    return made


def see_here(plan, pictures, *, done=frozenset()):
    """What a cluster does, in this process: the last pictures first, and the first ones twice."""
    worker = Worker(plan, lambda: files_of(plan.info), lambda: done)
    for some in (pictures[10:], pictures[:10], pictures[:5]):
        yield from worker.see(some)
