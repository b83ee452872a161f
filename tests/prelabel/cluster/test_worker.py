"""A machine of the cluster: a network that lies there or is brought, and a result for every picture."""

from dataclasses import replace

from annotator.prelabel.cluster.pictures import list_pictures
from annotator.prelabel.cluster.worker import Worker, files_of
from annotator.prelabel.journey import Done, Failed


def test_a_network_that_is_not_on_the_machine_is_brought(plan, folder, tmp_path):
    pictures = list_pictures([str(folder)])[:3]
    content = files_of(plan.info)
    elsewhere = replace(plan, info=replace(plan.info, folder=tmp_path / "elsewhere"))
    here, there = (Worker(one, lambda: content).see(pictures) for one in (plan, elsewhere))
    assert [one.suggestions for one in there] == [one.suggestions for one in here]
    spoilt = {name: data + b"x" for name, data in content.items()}
    failed = Worker(elsewhere, lambda: spoilt).see(pictures)
    assert all(isinstance(one, Failed) and one.by_network and "bytes, expected" in one.failure.reason for one in failed)


def test_bytes_go_back_only_where_they_are_wanted(plan, folder):
    (picture,) = list_pictures([str(folder / "part0" / "00.png")])
    for wanted in (False, True):
        (done,) = Worker(replace(plan, brings_content=wanted), dict).see([picture])
        assert isinstance(done, Done)
        assert done.picture.content == (picture.read() if wanted else b"")
        assert (done.picture.size, len(done.picture.sha256)) == ((64, 48), 64)
