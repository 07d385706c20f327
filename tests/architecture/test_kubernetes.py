"""The files for Kubernetes: no rights, no secrets, nothing open; rendered where kubectl is here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

K8S = Path(__file__).resolve().parents[2] / "k8s"
OVERLAYS = ("base", "overlays/gpu", "overlays/compute")
FILES = sorted(path for path in K8S.rglob("*.yaml") if path.name != "kustomization.yaml")
THINGS: list[dict[str, Any]] = [
    thing for path in FILES for thing in yaml.safe_load_all(path.read_text("utf-8"))
]
PODS = [
    (f"{thing['kind']} {thing['metadata']['name']}", thing["spec"]["template"]["spec"])
    for thing in THINGS
    if "template" in thing.get("spec", {})
]
TEMPLATES = [thing["spec"]["template"] for thing in THINGS if "template" in thing.get("spec", {})]
CONTAINERS = [(f"{name} {one['name']}", one) for name, pod in PODS for one in pod["containers"]]


@pytest.mark.parametrize(("name", "pod"), PODS, ids=[name for name, _ in PODS])
def test_a_pod_has_no_rights(name: str, pod: dict[str, Any]) -> None:
    """Nobody is root, nobody holds the cluster's token, and nobody is kept on another's node."""
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert pod["terminationGracePeriodSeconds"] >= 60
    assert "affinity" not in pod, name


@pytest.mark.parametrize(("name", "pod"), PODS, ids=[name for name, _ in PODS])
def test_the_key_and_the_log_are_in_one_pod(name: str, pod: dict[str, Any]) -> None:
    """One pod has the disk of the home; all others have a bounded folder that goes with them."""
    home = pod["volumes"][0]
    assert home["name"] == "home"
    if name == "Deployment front":
        assert home["persistentVolumeClaim"]["claimName"] == "home"
    else:
        assert home["emptyDir"]["sizeLimit"]


def test_who_works_elsewhere_is_told_who_seals() -> None:
    """Every worker has the address, its token and no other, and the log's service lets it in."""
    for name, pod in PODS:
        for one in pod["containers"]:
            if one["args"][:1] != ["orchestrator"] or "worker" not in one["args"]:
                continue
            told = [source.get("configMapRef", {}).get("name") for source in one["envFrom"]]
            assert "elsewhere" in told, name
            (secret,) = (it["secret"] for it in pod["volumes"] if it["name"] == "sealing")
            assert secret["defaultMode"] == 0o400
            keys = {item["key"] for item in secret["items"]}
            assert {"worker.token", "ca.crt"} <= keys, name
            assert not keys & {"gateway.token", "tls.key"}, name
    (policy,) = (one for one in THINGS if one["metadata"]["name"] == "workers-to-log")
    (rule,) = policy["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8701}]
    labels = {pod["metadata"]["labels"]["app"] for pod in TEMPLATES}
    (chosen,) = rule["from"][0]["podSelector"]["matchExpressions"]
    assert set(chosen["values"]) == labels - {"front"}


def test_workers_are_scaled_by_their_load() -> None:
    """The autoscaler names a deployment that there is, which states no number itself."""
    (scaler,) = (one["spec"] for one in THINGS if one["kind"] == "HorizontalPodAutoscaler")
    assert 1 <= scaler["minReplicas"] < scaler["maxReplicas"]
    (scaled,) = (
        one
        for one in THINGS
        if one["kind"] == scaler["scaleTargetRef"]["kind"]
        and one["metadata"]["name"] == scaler["scaleTargetRef"]["name"]
    )
    assert "replicas" not in scaled["spec"]
    assert all(
        one["resources"]["requests"]["cpu"]
        for one in scaled["spec"]["template"]["spec"]["containers"]
    )


@pytest.mark.parametrize(("name", "container"), CONTAINERS, ids=[name for name, _ in CONTAINERS])
def test_a_container_is_bounded_and_speaks_our_verbs(name: str, container: dict[str, Any]) -> None:
    """Limits, a read-only system, no shell, no secret in a file, and a verb that there is."""
    limits = container["resources"]["limits"]
    assert limits["cpu"]
    assert limits["memory"]
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert "command" not in container
    assert container["args"][0] in {"gateway", "orchestrator", "provenance", "probe", "compute"}
    if container["args"][0] == "orchestrator":
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_no_secret_stands_in_a_file() -> None:
    """Keys and passwords are names of a secret that is made by hand."""
    assert "Secret" not in {thing["kind"] for thing in THINGS}
    for thing in THINGS:
        for name, value in thing.get("data", {}).items():
            assert not re.search(r"KEY|PASSWORD|RECORDS|BROKER", name), (name, value)


def test_nothing_is_open_that_need_not_be() -> None:
    """What comes in is refused but for the proxy and the scraper; no port is on a node."""
    closed = [one for one in THINGS if one["metadata"]["name"] == "closed"]
    assert closed[0]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    services = [one["spec"] for one in THINGS if one["kind"] == "Service"]
    assert all(one.get("type", "ClusterIP") == "ClusterIP" for one in services)
    for thing in THINGS:
        if thing["kind"] == "NetworkPolicy":
            for rule in thing["spec"].get("ingress", ()):
                assert rule["from"], thing["metadata"]["name"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_renders(overlay: str) -> None:
    """Every file that an overlay names is there, and every patch finds what it changes."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("Debian has no kubectl that renders these; patches are checked without it")
    done = subprocess.run(
        [kubectl, "kustomize", str(K8S / overlay)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = list(yaml.safe_load_all(done.stdout))
    assert {one["metadata"].get("namespace", "evident") for one in made} == {"evident"}
    images = set(re.findall(r"image: (\S+)", done.stdout))
    assert images == {"evident:local"}
    if overlay == "overlays/gpu":
        assert "nvidia.com/gpu: 1" in done.stdout
    if overlay == "overlays/compute":
        workers = [
            (one["metadata"]["name"], container["args"])
            for one in made
            if "template" in one.get("spec", {})
            for container in one["spec"]["template"]["spec"]["containers"]
            if "worker" in container["args"]
        ]
        lanes = {name: "photo" in " ".join(args) for name, args in workers}
        assert lanes == {"worker": True, "compute-head": False}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_patch_finds_what_it_changes(overlay: str) -> None:
    """The place that a patch names is there in the base, without anything that renders it."""
    named = yaml.safe_load((K8S / overlay / "kustomization.yaml").read_text("utf-8"))
    for patch in named.get("patches", ()):
        kind, name = patch["target"]["kind"], patch["target"]["name"]
        (place,) = [
            thing
            for path in sorted((K8S / "base").glob("*.yaml"))
            for thing in yaml.safe_load_all(path.read_text("utf-8"))
            if thing["kind"] == kind and thing["metadata"]["name"] == name
        ]
        for change in yaml.safe_load(patch["patch"]):
            *above, last = change["path"].strip("/").split("/")
            found = place
            for part in above:
                found = found[int(part)] if isinstance(found, list) else found[part]
            if change["op"] == "replace":
                assert last in found
            else:
                assert change["op"] == "add"
                assert isinstance(found, list) == (last == "-")


def test_every_named_resource_is_there() -> None:
    """What a kustomization names exists, whether or not anything here can render it."""
    for overlay in OVERLAYS:
        named = yaml.safe_load((K8S / overlay / "kustomization.yaml").read_text("utf-8"))
        for resource in named["resources"]:
            assert (K8S / overlay / resource).exists(), resource
