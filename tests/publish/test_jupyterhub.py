"""The values for JupyterHub in docs/: known fields, safe settings, and an image without anything secret.

The fields and their types are those of jupyterhub/values.schema.yaml of
github.com/jupyterhub/zero-to-jupyterhub-k8s, commit 48ea50e34dad (July 2026), as far as the file uses them;
under `hub.config` they are settings of oauthenticator 17.4 and of JupyterHub 5.5. The
chart refuses unknown fields. For another version of the chart compare this table with its schema, and change
VERSION.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from autograder.assignments import assignments, source_notebook
from publish.check import MARKS
from publish.paths import ROOT

VERSION = "4.4.0"
DOCS = ROOT / "docs"
CHANGE = "CHANGE-ME"

FIELDS: dict[str, type | tuple[type, ...]] = {
    "hub.config.JupyterHub.authenticator_class": str,
    "hub.config.JupyterHub.admin_access": bool,
    "hub.config.GenericOAuthenticator.login_service": str,
    "hub.config.GenericOAuthenticator.client_id": str,
    "hub.config.GenericOAuthenticator.authorize_url": str,
    "hub.config.GenericOAuthenticator.token_url": str,
    "hub.config.GenericOAuthenticator.userdata_url": str,
    "hub.config.GenericOAuthenticator.oauth_callback_url": str,
    "hub.config.GenericOAuthenticator.username_claim": str,
    "hub.config.GenericOAuthenticator.scope": list,
    "hub.config.GenericOAuthenticator.enable_pkce": bool,
    "hub.config.GenericOAuthenticator.allow_all": bool,
    "hub.config.GenericOAuthenticator.allowed_users": list,
    "hub.config.GenericOAuthenticator.admin_users": list,
    "hub.db.type": str,
    "hub.db.pvc.storage": str,
    "hub.db.pvc.storageClassName": str,
    "hub.resources.requests.cpu": str,
    "hub.resources.requests.memory": str,
    "hub.resources.limits.memory": str,
    "hub.allowNamedServers": bool,
    "hub.activeServerLimit": int,
    "proxy.service.type": str,
    "proxy.https.enabled": bool,
    "proxy.https.type": str,
    "proxy.https.hosts": list,
    "proxy.https.letsencrypt.contactEmail": str,
    "proxy.chp.resources.requests.cpu": str,
    "proxy.chp.resources.requests.memory": str,
    "proxy.chp.resources.limits.memory": str,
    "singleuser.image.name": str,
    "singleuser.image.tag": str,
    "singleuser.image.pullPolicy": str,
    "singleuser.defaultUrl": str,
    "singleuser.startTimeout": int,
    "singleuser.cpu.guarantee": (int, float),
    "singleuser.cpu.limit": (int, float),
    "singleuser.memory.guarantee": str,
    "singleuser.memory.limit": str,
    "singleuser.storage.type": str,
    "singleuser.storage.capacity": str,
    "singleuser.storage.homeMountPath": str,
    "singleuser.storage.dynamic.storageClass": str,
    "singleuser.storage.dynamic.storageAccessModes": list,
    "singleuser.lifecycleHooks.postStart.exec.command": list,
    "singleuser.networkPolicy.enabled": bool,
    "singleuser.networkPolicy.ingress": list,
    "singleuser.networkPolicy.egress": list,
    "singleuser.networkPolicy.egressAllowRules.cloudMetadataServer": bool,
    "singleuser.networkPolicy.egressAllowRules.dnsPortsCloudMetadataServer": bool,
    "singleuser.networkPolicy.egressAllowRules.dnsPortsKubeSystemNamespace": bool,
    "singleuser.networkPolicy.egressAllowRules.dnsPortsPrivateIPs": bool,
    "singleuser.networkPolicy.egressAllowRules.nonPrivateIPs": bool,
    "singleuser.networkPolicy.egressAllowRules.privateIPs": bool,
    "singleuser.networkPolicy.interNamespaceAccessLabels": str,
    "singleuser.networkPolicy.allowedIngressPorts": list,
    "singleuser.cloudMetadata.blockWithIptables": bool,
    "singleuser.allowPrivilegeEscalation": bool,
    "singleuser.uid": int,
    "singleuser.fsGid": int,
    "singleuser.serviceAccountName": (str, type(None)),
    "cull.enabled": bool,
    "cull.timeout": int,
    "cull.every": int,
    "cull.maxAge": int,
    "cull.users": bool,
    "scheduling.userScheduler.enabled": bool,
    "scheduling.userPlaceholder.enabled": bool,
}


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DOCS / "jupyterhub-values.yaml").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def image() -> str:
    return (DOCS / "jupyterhub.Containerfile").read_text("utf-8")


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, f"{path}.{name}" if path else name)
    else:
        yield path, node


def test_every_field_is_one_that_the_chart_knows_and_of_its_type(values: dict[str, Any]) -> None:
    found = dict(_leaves(values))
    assert set(found) <= set(FIELDS), f"not in the chart's schema: {sorted(set(found) - set(FIELDS))}"
    assert set(FIELDS) <= set(found), f"listed here and no longer set: {sorted(set(FIELDS) - set(found))}"
    for path, value in found.items():
        kinds = FIELDS[path] if isinstance(FIELDS[path], tuple) else (FIELDS[path],)
        assert type(value) in kinds, f"{path}: {value!r}"  # a bool is no int here


def test_nobody_can_log_in_before_the_placeholders_are_changed(values: dict[str, Any]) -> None:
    config = values["hub"]["config"]
    assert config["JupyterHub"]["authenticator_class"] == "generic-oauth"
    log_in = config["GenericOAuthenticator"]
    for name in ("client_id", "authorize_url", "token_url", "userdata_url", "oauth_callback_url"):
        assert CHANGE in log_in[name]
    assert log_in["allow_all"] is False
    assert log_in["allowed_users"] == log_in["admin_users"] == []


def test_the_values_hold_no_secret(values: dict[str, Any]) -> None:
    secret = re.compile(r"secret|password|token$|cookie|key$", re.I)
    assert [path for path, _ in _leaves(values) if secret.search(path.rpartition(".")[2])] == []


def test_a_trainees_server_reaches_hub_proxy_and_names_only(values: dict[str, Any]) -> None:
    network = values["singleuser"]["networkPolicy"]
    assert network["enabled"] is True
    assert network["egress"] == network["ingress"] == network["allowedIngressPorts"] == []
    allowed = {name for name, value in network["egressAllowRules"].items() if value}
    assert allowed == {"dnsPortsKubeSystemNamespace"}
    assert values["singleuser"]["cloudMetadata"]["blockWithIptables"] is True
    assert values["singleuser"]["serviceAccountName"] is None
    assert values["singleuser"]["allowPrivilegeEscalation"] is False
    assert values["singleuser"]["uid"] != 0


def test_a_trainees_server_has_limits_and_ends(values: dict[str, Any]) -> None:
    user, cull = values["singleuser"], values["cull"]
    assert user["cpu"]["guarantee"] <= user["cpu"]["limit"] <= 2
    assert user["memory"]["limit"]
    assert user["storage"]["capacity"]
    assert cull["enabled"]
    assert 600 <= cull["timeout"] <= cull["maxAge"] <= 24 * 3600
    assert cull["users"] is False  # that would delete accounts


def test_trainees_work_is_not_overwritten_when_a_server_starts(values: dict[str, Any]) -> None:
    *_, script = values["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"]
    assert "cp -rn" in script


def test_no_solution_and_no_grading_gets_into_the_image(image: str) -> None:
    copied = re.findall(r"^COPY (?:--from=(\w+) )?(\S+)", image, re.M)
    assert copied == [("", "requirements.txt"), ("", "labs"), ("notebooks", "vi"), ("notebooks", "en")]
    for mark in MARKS:
        for path in (ROOT / "labs").rglob("*.py"):
            assert mark not in path.read_text("utf-8")
    # and it is the sources that hold what must not get in
    assert any(mark in c.source for a in assignments() for c in source_notebook(a).cells for mark in MARKS)


def test_guide_and_image_name_the_versions_that_belong_together(image: str) -> None:
    guide = (DOCS / "hosting.md").read_text("utf-8")
    about = (DOCS / "jupyterhub-values.yaml").read_text("utf-8").splitlines()[0]
    assert f"--version {VERSION} " in guide
    assert f"version {VERSION} " in about
    hub = re.search(r"^ARG JUPYTERHUB=(\S+)$", image, re.M)
    assert hub
    assert f"JupyterHub {hub[1]}" in about
    assert "jupyterhub-values.yaml" in guide
    assert "was not run on a cluster" in guide
