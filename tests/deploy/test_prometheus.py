"""Prometheus's configuration: it loads, and the alerts know the job by its name."""

import re

import yaml

from tests.deploy.files import DEPLOY, alerts, text


def test_the_rules_that_it_names_are_there() -> None:
    config = yaml.safe_load(text("prometheus/prometheus.yml"))
    assert config["rule_files"]
    for name in config["rule_files"]:
        assert (DEPLOY / "prometheus" / name).is_file()


def test_every_job_that_an_alert_names_is_scraped() -> None:
    config = yaml.safe_load(text("prometheus/prometheus.yml"))
    scraped = {job["job_name"] for job in config["scrape_configs"]}
    named = {job for rule in alerts() for job in re.findall(r'job="(\w+)"', rule["expr"])}
    assert named == {"surestock"} <= scraped


def test_what_is_scraped_is_this_machine() -> None:
    config = yaml.safe_load(text("prometheus/prometheus.yml"))
    targets = [
        target
        for job in config["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    ]
    assert targets
    assert all(target.startswith("127.0.0.1:") for target in targets)
