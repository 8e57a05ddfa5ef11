"""The Kubernetes manifests: every field exists, and they hold what the page promises."""

import re
from typing import Final

from app.service.settings import Settings
from app.service.settings.declared import PREFIX

from .examples import CONTAINER, MANIFESTS, POD, of_kubernetes
from .kubernetes_models import SERVICE, faults, faults_of
from .paths import DEPLOY

ENVIRONMENT: Final = of_kubernetes()


def test_every_field_exists() -> None:
    """Every field of the manifests is one that Kubernetes has, with a value of its type."""
    for each in MANIFESTS.values():
        assert faults_of(each) == []


def test_wrong_fields_are_found() -> None:
    """The check finds a field that does not exist, a missing one and one of the wrong type."""
    wrong = {"spec": {"ports": [{"name": "http", "prot": 80}, {"port": "80"}]}}
    assert sorted(faults(wrong, SERVICE, "Service")) == [
        "Service.spec.ports[].port is '80', not int",
        "Service.spec.ports[].port is missing",
        "Service.spec.ports[].prot does not exist",
    ]


def test_labels_agree() -> None:
    """The Service and the budget select the pods of the Deployment, and the Service's port is one of the container."""
    labels = MANIFESTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert MANIFESTS["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert MANIFESTS["Service"]["spec"]["selector"] == labels
    assert MANIFESTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    ports = {each["name"]: each["containerPort"] for each in CONTAINER["ports"]}
    assert [each["targetPort"] for each in MANIFESTS["Service"]["spec"]["ports"]] == ["http"]
    assert ports["http"] == Settings().port
    assert str(ports["metrics"]) == ENVIRONMENT["KEYTURN_METRICS_PORT"]


def test_service_links_are_off() -> None:
    """Kubernetes adds no variables for its Services, whose names begin as those of the settings."""
    assert POD["enableServiceLinks"] is False


def test_probes_ask_what_they_should() -> None:
    """Only the readiness probe asks ``/readyz``: a store that is away must not restart the pods."""
    asked = {name: CONTAINER[name]["httpGet"]["path"] for name in CONTAINER if name.endswith("Probe")}
    assert asked == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}


def test_a_pod_has_time_to_stop() -> None:
    """Kubernetes waits for the drain delay, the shutdown timeout and 10 seconds. The readiness probe fails within the
    drain delay.
    """
    settings = Settings.from_environment(
        {name: ENVIRONMENT[name] for name in (f"{PREFIX}DRAIN_DELAY", f"{PREFIX}METRICS_PORT")}
    )
    assert POD["terminationGracePeriodSeconds"] >= settings.drain_delay + settings.shutdown_timeout + 10
    readiness = CONTAINER["readinessProbe"]
    longest = readiness["failureThreshold"] * (readiness["periodSeconds"] + readiness["timeoutSeconds"])
    assert longest <= settings.drain_delay


def test_pods_are_confined() -> None:
    """A pod runs as a user other than root, with a read-only root, no capability and no privileges."""
    assert POD["securityContext"]["runAsNonRoot"]
    user = re.search(r"(?m)^USER (\d+):(\d+)$", (DEPLOY / "Containerfile").read_text("utf-8"))
    assert user is not None
    assert [str(POD["securityContext"][name]) for name in ("runAsUser", "runAsGroup")] == [user[1], user[2]]
    assert CONTAINER["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_secrets_are_mounted_where_the_settings_look() -> None:
    """Each setting that names a file names one of the mounted Secret."""
    (mount,) = [each["mountPath"] for each in CONTAINER["volumeMounts"] if each["name"] == "secrets"]
    files = [value for name, value in ENVIRONMENT.items() if name.endswith("_FILE")]
    assert len(files) == 3
    assert all(each.startswith(f"{mount}/") for each in files)
