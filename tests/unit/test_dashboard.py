"""The dashboard and the alerts: what Grafana and Prometheus expect of such files."""

import json
import re
from typing import Any

from kit.processes import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "lensbus.json"
RULES = ROOT / "deploy" / "prometheus" / "lensbus.rules.yml"
WIDTH = 24  # of Grafana's grid
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return loaded


def test_a_dashboard_is_new_wherever_it_is_imported() -> None:
    made = dashboard()
    assert made["id"] is None
    assert re.fullmatch("[A-Za-z0-9_-]{8,40}", made["uid"])
    assert made["title"]
    assert isinstance(made["schemaVersion"], int)
    assert set(made["time"]) == {"from", "to"}


def test_whose_prometheus_is_asked_is_a_variable_everywhere() -> None:
    made = dashboard()
    source, rack = made["templating"]["list"]
    assert (source["type"], source["query"], source["name"]) == (
        "datasource",
        "prometheus",
        "datasource",
    )
    assert rack["datasource"] == SOURCE
    for panel in made["panels"]:
        assert panel["datasource"] == SOURCE
        for target in panel["targets"]:
            assert target["datasource"] == SOURCE
            assert 'instance=~"$instance"' in target["expr"], "one rack can be chosen"


def test_panels_have_their_own_number_and_place() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) >= 10
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["type"] in ("stat", "timeseries")
        assert panel["title"]
        assert panel["fieldConfig"]["overrides"] == []
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= WIDTH
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        names = [target["refId"] for target in panel["targets"]]
        assert names == sorted(set(names))


def test_a_counter_is_never_shown_as_it_is() -> None:
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            for name in re.findall(r"lensbus_\w+_(?:total|bucket)\{", target["expr"]):
                assert re.search(rf"(rate|increase)\({re.escape(name)}", target["expr"]), name


def test_every_alert_has_a_name_a_severity_and_says_what_to_do() -> None:
    alerts = RULES.read_text().split("- alert: ")[1:]
    names = [alert.split("\n")[0] for alert in alerts]
    assert len(set(names)) == len(names) >= 8
    for alert in alerts:
        for key in ("expr: ", "labels: {severity: ", "summary: ", "description: "):
            assert alert.count(key) == 1, alert
