"""Alerts, dashboard and runbook speak of what is there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from http_edge.metrics import METRICS
from kafka_edge.watching import PUBLISHER_METRICS

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
HISTOGRAMS = {
    "yizhan_http_request_duration_seconds",
    "yizhan_event_log_save_duration_seconds",
    "yizhan_group_commit_saves",
}
ALL = {*METRICS, *PUBLISHER_METRICS}
LABELS = {
    "service",
    "method",
    "route",
    "status_class",
    "problem",
    "follower",
    "source",
    "queue",
    "check",
    "recheck",
    "le",
    "job",
}


def rules() -> list[dict[str, Any]]:
    """Every alert rule."""
    read = yaml.safe_load((ROOT / "infra/observability/alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Every panel of the dashboard."""
    text = (ROOT / "infra/observability/dashboard.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["panels"]
    return found


def expressions() -> list[str]:
    """Every expression of both."""
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [rule["expr"] for rule in rules()] + asked


def exposed() -> set[str]:
    """The names of all series, as Prometheus keeps them."""
    parts = {f"{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "sum", "count")}
    return (ALL - HISTOGRAMS) | parts


def strangers_in(expression: str) -> set[str]:
    """The series and labels of an expression that are not exposed."""
    series = set(re.findall(r"\byizhan_\w+", expression)) - exposed()
    grouped = re.findall(r"\bby \(([^)]*)\)", expression)
    matched = re.findall(r"(\w+)\s*=~?\"", expression)
    labels = {word.strip() for group in grouped for word in group.split(",")} | set(matched)
    return series | (labels - LABELS)


@pytest.mark.parametrize("expression", expressions())
def test_every_series_and_label_named_is_exposed(expression: str) -> None:
    """A renamed metric would leave an alert that never fires."""
    assert strangers_in(expression) == set()
    assert expression.count("(") == expression.count(")")


@pytest.mark.parametrize("expression", expressions())
def test_publishers_are_told_apart_by_their_own_label(expression: str) -> None:
    """They know no service and no name; a group by what the series lack is one group of all."""
    if "yizhan_publisher_" in expression:
        assert set(re.findall(r"\bby \(([^)]*)\)", expression)) == {"source"}


def test_that_check_can_fail() -> None:
    """A histogram without its part, a metric of another name, a label nobody sets."""
    assert strangers_in("rate(yizhan_http_request_duration_seconds[5m])") != set()
    assert strangers_in("sum by (follower) (yizhan_lag)") == {"yizhan_lag"}
    assert strangers_in('yizhan_dead_letters{topic="x"}') == {"topic"}


def test_every_metric_is_on_the_dashboard() -> None:
    """What is worth counting is worth seeing."""
    shown = " ".join(target["expr"] for panel in panels() for target in panel["targets"])
    assert [name for name in sorted(ALL) if name not in shown] == []
    assert len({panel["id"] for panel in panels()}) == len(panels())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_every_alert_has_its_section(rule: dict[str, Any]) -> None:
    """What it means, what it affects, what to look at, what to do; the alert names the place."""
    name = rule["alert"]
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"]
    (section,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    for heading in ("含义", "影响", "先看", "处置"):
        assert f"**{heading}**：" in section


def test_the_runbook_has_no_section_of_an_alert_that_is_gone() -> None:
    """Each heading that looks like an alert is one."""
    assert set(re.findall(r"^## (Yizhan\w+)$", RUNBOOK, re.MULTILINE)) == {
        rule["alert"] for rule in rules()
    }
