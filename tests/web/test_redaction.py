"""Visitors are not told where things lie."""

from tests.web.conftest import with_a_picture


def test_visitors_are_not_told_where_things_lie(visitors, tmp_path):
    projects = visitors()
    key = with_a_picture(projects)
    line = projects.plain(f"{tmp_path}/visitors/{key}/project.db: the disk is full; nothing was changed")
    assert line == "the project: the disk is full; nothing was changed"
    assert projects.plain("model /srv/models/x/model.bin: found 3") == "model (a file of the server): found 3"
    assert projects.plain("a/b.png: is 3 x 4 pixels, 50/100") == "a/b.png: is 3 x 4 pixels, 50/100"
