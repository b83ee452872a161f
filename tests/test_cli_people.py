"""`annotator people`: the same as the page's dialog, for whoever has the project's folder."""

from annotator.cli.program import main
from annotator.storage.store import Store


def test_people_are_added_given_roles_and_taken_out(tmp_path, capsys):
    folder = tmp_path / "project"
    Store.open(folder).close()

    def said(*words):
        code = main(["people", words[0], "--project", str(folder), *words[1:]])
        out = capsys.readouterr()
        return code, (out.out or out.err).strip()

    assert said("list")[1].startswith("no people")
    assert said("add", "Anna", "--role", "manage") == (0, "Anna may manage")
    assert said("add", "bert") == (0, "bert may annotate")
    assert said("add", "BERT") == (1, "error: BERT is one of the project's people already")
    assert said("role", "Bert", "review") == (0, "bert may review")
    assert said("role", "anna", "review") == (
        1,
        "error: Anna is the only one who manages this project: let somebody else manage it first",
    )
    assert said("remove", "carl") == (1, "error: 'carl': nobody in the project is called so")
    assert said("list")[1].splitlines() == [
        "manage  Anna  (has not signed in yet)",
        "review  bert  (has not signed in yet)",
    ]
    assert said("figures", "--csv")[1].splitlines()[1].startswith("Anna,manage,0,")
    assert said("remove", "bert") == (0, "bert is out of the project")
