"""What operators are given: alerts, dashboard, containers, unit, example settings, pages. They name only what exists."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

import oracle
from oracle.cli.app import app
from oracle.settings import NodeSettings, load_node_settings
from oracle.telemetry.metrics import Metrics
from oracle.vault.gauges import VaultMetrics
from oracle.vault.settings import VaultSettings, load_vault_settings

ROOT = Path(__file__).resolve().parents[3]
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/assent-node.json"
PAGES = ROOT / "docs/operations"
RULES: list[dict[str, Any]] = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
PANELS: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
#: Metrics of the client library, of which the dashboard uses some.
PROCESS = re.compile(r"process_\w+")


def families() -> dict[str, Any]:
    text = generate_latest(Metrics().registry).decode()
    return {each.name: each for each in text_string_to_metric_families(text) if not each.name.endswith("_created")}


def series() -> set[str]:
    """Every name under which a sample may be found."""
    names = set()
    for name, family in families().items():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        names |= {name + suffix for suffix in suffixes}
    return names


def expressions() -> list[str]:
    panels = [target["expr"] for panel in PANELS for target in panel.get("targets", [])]
    return [rule["expr"] for rule in RULES] + panels


def named(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:assent|process)_\w+", re.sub(r"\{[^}]*\}|\$\w+", "", expression)))


# Metrics


@pytest.mark.parametrize("name", sorted(families()))
def test_metric__then_named_by_prometheus_conventions_with_a_text(name: str) -> None:
    family = families()[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", name)
    assert name.startswith("assent_") or PROCESS.fullmatch(name)
    assert family.documentation
    assert not name.endswith(("_total", "_count", "_sum", "_bucket"))
    for part, unit in (("_s", "_seconds"), ("_ms", "_seconds"), ("_b", "_bytes"), ("_min", "_seconds")):
        assert not name.endswith(part), f"write the unit out: {unit}"


def test_metrics__then_each_is_in_the_dashboard_or_an_alert() -> None:
    used = {name for expression in expressions() for name in named(expression)}
    bare = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in used}
    assert [name for name in families() if name.startswith("assent_") and name not in bare] == []


@pytest.mark.parametrize("expression", expressions())
def test_expression__then_names_only_metrics_that_exist(expression: str) -> None:
    assert named(expression) or expression == 'up{job="assent-node"} == 0'
    assert named(expression) - series() == set()


# Alerts


def test_alerts__then_each_has_severity_summary_and_a_page_that_exists() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]
        page = ROOT / rule["annotations"]["runbook"]
        assert page.is_file(), rule["alert"]
        assert page.parent == PAGES


def test_alerts__then_the_handbook_lists_them_all_and_no_others() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    listed = re.findall(r"^\| `(Assent\w+)` \| (\w+) \| \[[\w-]+\]\(operations/([\w-]+\.md)\) \|$", text, re.MULTILINE)
    wanted = [(r["alert"], r["labels"]["severity"], Path(r["annotations"]["runbook"]).name) for r in RULES]
    assert listed == wanted


def test_alerts__when_promtool_is_there__then_it_accepts_rules_and_their_tests() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("PROMTOOL IS MISSING: alert rules are not run (Debian: apt-get install prometheus)")
    for words in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]):
        done = subprocess.run([promtool, *words], cwd=ALERTS.parent, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


# Pages


#: Pages to be read before anything happens: no alert leads to them.
GUIDES = {"database.md", "keys.md", "vault.md"}


def test_pages__then_each_is_reached_by_an_alert_and_has_all_four_parts() -> None:
    pages = {page.name for page in PAGES.glob("*.md")} - GUIDES
    assert pages <= {Path(rule["annotations"]["runbook"]).name for rule in RULES}
    for page in pages:
        text = (PAGES / page).read_text()
        for part in ("# ", "**Symptom.**", "**Cause.**", "**What to do.**", "**It is over when**"):
            assert part in text, (page, part)


def texts() -> Iterator[Path]:
    yield from (ROOT / "docs/operations.md", *PAGES.glob("*.md"))


@pytest.mark.parametrize("page", list(texts()), ids=lambda page: page.name)
def test_page__then_its_links_lead_somewhere_and_its_commands_exist(page: Path) -> None:
    text = page.read_text()
    for link in re.findall(r"\]\((?!https:)([^)#]+)\)", text):
        assert (page.parent / link).is_file(), link
    for words in re.findall(r"`assent ([^`]+)`", text):
        command: Any = typer.main.get_command(app)
        for word in words.split():
            if not hasattr(command, "commands"):
                break
            assert word in command.commands, words
            command = command.commands[word]
        assert not hasattr(command, "commands"), words


def test_pages__then_the_metrics_that_they_name_exist() -> None:
    vaults = set(re.findall(r"^# TYPE (\w+)", VaultMetrics().text().decode(), re.MULTILINE))
    for page in texts():
        for name in set(re.findall(r"`(assent_\w+)", page.read_text())):
            assert name in families().keys() | series() | vaults, (page.name, name)


# Settings, containers, unit


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "node.toml"
    path.write_text((ROOT / "deploy/node.example.toml").read_text())
    (tmp_path / "models/screening").mkdir(parents=True)
    for name in ("attester.json", "sender.json", "seal.json", "password"):
        (tmp_path / name).touch()
    return path


OPTIONAL = {"models_folder", "remote"}


def test_example__then_it_loads_and_shows_every_setting_with_its_default(example: Path) -> None:
    made = load_node_settings(example)
    text = example.read_text()
    shown = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    full = example.with_name("full.toml")
    full.write_text(shown)
    same = load_node_settings(full).model_dump()
    assert same.pop("health")["stale_s"] == 120  # by default it depends
    assert same == {name: value for name, value in made.model_dump().items() if name != "health"}
    for section, field in NodeSettings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        for name in inner if inner else [section]:
            # What is nothing by default can't be shown as it is; it is spoken of.
            shown_as = rf"\b{name}\b" if name in OPTIONAL else rf"^(# )?{name} = "
            assert re.search(shown_as, text, re.MULTILINE), f"{section}.{name} isn't in the example"


def test_vault_example__then_it_loads_and_shows_every_setting_with_its_default(tmp_path: Path) -> None:
    text = (ROOT / "deploy/vault.example.toml").read_text()
    (tmp_path / "models/screening").mkdir(parents=True)
    for name in ("master.json", "password"):
        (tmp_path / name).touch()
    (tmp_path / "vault.toml").write_text(text)
    (tmp_path / "full.toml").write_text(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE))
    made = load_vault_settings(tmp_path / "vault.toml")
    assert load_vault_settings(tmp_path / "full.toml") == made
    for name in VaultSettings.model_fields:
        shown_as = rf"\b{name}\b" if name in {"master_pkcs11", "ciphertexts", "notices"} else rf"^(# )?{name} = "
        assert re.search(shown_as, text, re.MULTILINE), f"{name} isn't in the example"


def test_compose__then_it_is_hardened_pinned_and_mounts_what_exists() -> None:
    folder = ROOT / "deploy/docker"
    content = yaml.safe_load((folder / "compose.yaml").read_text())
    node = content["services"]["node"]
    assert node["read_only"] is True
    assert node["user"].split(":")[0] != "0"
    assert node["cap_drop"] == ["ALL"]
    assert node["stop_grace_period"] == "25s"
    assert node["image"] == f"assent:{oracle.__version__}"
    for name, service in content["services"].items():
        assert re.search(r":v?\d+\.\d+", service["image"]), f"{name} isn't pinned"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith(".") and source != "./config":
                assert (folder / source).exists(), volume


def test_compose__then_prometheus_and_grafana_find_rules_and_dashboards() -> None:
    folder = ROOT / "deploy/docker"
    scraped = yaml.safe_load((folder / "prometheus.yml").read_text())
    assert scraped["scrape_configs"][0]["job_name"] == "assent-node"
    assert scraped["rule_files"] == [ALERTS.name]
    source = yaml.safe_load((folder / "grafana/provisioning/datasources/prometheus.yml").read_text())
    assert source["datasources"][0]["type"] == "prometheus"
    boards = yaml.safe_load((folder / "grafana/provisioning/dashboards/assent.yml").read_text())
    mounted = yaml.safe_load((folder / "compose.yaml").read_text())["services"]["grafana"]["volumes"]
    assert f"../grafana:{boards['providers'][0]['options']['path']}:ro" in mounted


def test_dashboard__then_panels_do_not_overlap_and_have_titles_and_units() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["title"]
        assert panel["type"] == "row" or panel["fieldConfig"]["defaults"]["unit"]
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_dockerfile__then_not_root_pinned_with_a_health_check() -> None:
    path = ROOT / "deploy/docker/Dockerfile"
    text = path.read_text()
    assert all(re.search(r":\d+\.\d+\.\d+-", line) for line in re.findall(r"^FROM (\S+)", text, re.MULTILINE))
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1] == "10001:10001"
    assert "HEALTHCHECK" in text
    assert "/healthz" in text
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("HADOLINT IS MISSING: the Dockerfile is not linted (it comes with `make setup`)")
    done = subprocess.run([hadolint, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_unit__then_hardened_and_stopped_later_than_the_node_promises(tmp_path: Path) -> None:
    path = ROOT / "deploy/systemd/assent-node.service"
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(path)
    service = unit["Service"]
    assert service["Restart"] == "on-failure"
    assert int(service["TimeoutStopSec"]) == 25
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert "LoadCredential" in service
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("SYSTEMD-ANALYZE IS MISSING: the unit is not verified")
    runnable = tmp_path / path.name
    runnable.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(), flags=re.MULTILINE))
    done = subprocess.run([verify, "verify", str(runnable)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "nknown" not in done.stderr, done.stderr
