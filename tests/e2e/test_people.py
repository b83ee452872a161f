"""A team's server in a browser: signing in by a provider, the people of a project, signing out."""

import pytest

pytest.importorskip("authlib", reason="the extra team is not installed")

from playwright.sync_api import expect

from annotator.core.settings import NAME
from annotator.storage.store import Store
from tests.e2e.conftest import LARGE, PATIENCE_MS
from tests.e2e.project_pages import act, open_list, opened
from tests.web.served import Served
from tests.web.sharing.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider


@pytest.fixture
def address(tmp_path):
    with Store.open(tmp_path / "project") as store:
        store.set_setting(NAME, "Helmets")
    provider = Provider()
    client = {"ANNOTATOR_OIDC_CLIENT_ID": CLIENT_ID, "ANNOTATOR_OIDC_CLIENT_SECRET": CLIENT_SECRET}
    served = Served(
        tmp_path / "project",
        tmp_path / "home",
        ANNOTATOR_OIDC_ISSUER=provider.issuer,
        ANNOTATOR_OIDC_NAME="preferred_username",
        **client,
    )
    yield served.address
    served.process.kill()
    served.process.communicate()
    provider.stop()


def test_the_first_one_signs_in_manages_adds_somebody_and_signs_out(address, chromium):
    context = chromium.new_context(locale="en-US", **LARGE)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    page.goto(address)
    opened(page, "Helmets")
    open_list(page)
    expect(page.locator(".an-projects-user")).to_contain_text("Signed in as anna")
    act(page, "Helmets", "People…")
    people = page.locator(".an-people li")
    expect(people).to_have_count(1)
    page.get_by_role("textbox", name="Name, as they sign in").fill("bert")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(people.nth(1)).to_contain_text("bert")
    page.get_by_role("combobox", name="Role of bert").select_option("review")
    expect(page.get_by_role("combobox", name="Role of bert")).to_have_value("review")
    page.get_by_role("combobox", name="Role of anna").select_option("annotate")
    expect(page.locator(".an-people-sheet .is-bad")).to_contain_text("anna is the only one who manages this project")
    expect(page.get_by_role("combobox", name="Role of anna")).to_have_value("manage")
    page.locator(".an-people-sheet").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    context.close()
