"""Every setting is known, under a name of its own."""

from annotator.core import settings
from annotator.core.settings import SETTINGS, Setting


def test_every_setting_is_among_the_settings_under_its_own_name():
    assert set(SETTINGS) == {value for value in vars(settings).values() if isinstance(value, Setting)}
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)


def test_what_opens_a_project_says_whose_it_is_or_is_under_way_stays_where_it_is():
    assert {setting.name for setting in SETTINGS if not setting.travels} == {
        "key",
        "owner",
        "put_away",
        "binned",
        "pictures",
        "closed",
        "prelabelling",
        "prelabelling.progress",
        "prelabelling.files",
        "prelabelling.lease",
        "hand_out",
        "verdicts",
        "exported",
    }
