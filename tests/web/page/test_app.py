"""What the page offers to programs."""

from annotator.web.jobs import Prelabelling
from annotator.web.page.app import build_page
from annotator.web.projects import Projects


def test_the_page_lists_no_call_that_a_visitor_could_make(tmp_path):
    projects = Projects(visitors=tmp_path / "visitors")
    page = build_page(projects, Prelabelling(projects))
    assert page.get_api_info() == {"named_endpoints": {}, "unnamed_endpoints": {}}
    projects.close()
