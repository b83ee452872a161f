"""What whoever runs the server is told: nothing unless it is asked for, and never a key."""

import json
import re

import pytest
from fastapi.testclient import TestClient

from annotator.web.monitoring import Measured
from annotator.web.projects import Projects
from annotator.web.server import build_server

ROUTES = ("/healthz", "/readyz", "/metrics")


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """A server with these variables, asked as by a probe that knows its address alone."""
    monkeypatch.setenv("ANNOTATOR_HOME", str(tmp_path / "home"))
    opened = []

    def make(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(f"ANNOTATOR_{name}", value)
        opened.append(Projects(local=tmp_path / "project"))
        return TestClient(build_server(opened[-1]), base_url="http://10.0.0.7:7860"), opened[-1]

    yield make
    for projects in opened:
        projects.close()


def test_nothing_of_it_answers_unless_it_is_asked_for(serve, capfd):
    client, _ = serve()
    assert [client.get(path, headers={"Host": "127.0.0.1"}).status_code for path in ROUTES] == [404] * 3
    assert capfd.readouterr().err == ""


def test_probes_metrics_and_the_log_tell_of_requests_and_of_no_key(serve, tmp_path, capfd):
    client, projects = serve(MONITORING="1", REQUEST_LOG="json")
    assert [client.get(path).status_code for path in ROUTES] == [200] * 3
    assert client.get("/annotator/x/queue").status_code == 400, "other names are not answered anything else"
    here = {"Host": "127.0.0.1"}
    key = projects.local_key
    assert client.get(f"/annotator/{key}/queue", headers=here).status_code == 200
    assert client.get(f"/annotator/{key}/{'n' * 40}", headers=here).status_code == 404
    said = client.get("/metrics").text
    assert 'annotator_requests_total{noun="queue",method="GET",status="200"} 1' in said
    assert 'annotator_requests_total{noun="page",method="GET",status="404"} 1' in said
    assert 'annotator_request_seconds_count{noun="queue"} 2' in said
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    assert [(line["noun"], line["status"]) for line in lines] == [("queue", 400), ("queue", 200), ("page", 404)]
    assert key not in said + str(lines)
    (tmp_path / "project" / "project.db").unlink()
    projects.close()
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 503)


def test_the_metrics_are_in_the_form_of_prometheus_and_buckets_add_up():
    measured = Measured({"queue"})
    for seconds in (0.001, 0.005, 0.3, 60.0):
        measured.add("queue", "BREW", 200, seconds)
    text = list(measured.lines())
    form = re.compile(
        r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.]+|# TYPE [a-z_]+ (counter|gauge|histogram)'
    )
    assert [line for line in text if not form.fullmatch(line)] == []
    assert 'annotator_requests_total{noun="queue",method="other",status="200"} 4' in text
    found = [int(line.rpartition(" ")[2]) for line in text if "_bucket" in line]
    assert found == sorted(found)
    assert (found[0], found[-2], found[-1]) == (2, 3, 4)
