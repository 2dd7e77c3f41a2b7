"""The example for Kubernetes in docs/cluster.md has the structure that the operator reads.

The schema follows the custom resource definitions of dask-kubernetes (`DaskCluster` and
`DaskAutoscaler` of kubernetes.dask.org/v1) and the parts of Kubernetes' own types that the example
uses. What a schema cannot say, that names refer to each other, is checked beside it.
"""

from __future__ import annotations

import jsonschema
import pytest
import yaml
from house import ROOT, project
from mixdown.cli.batch import command
from pages import File, read_steps


def mapping(required: str = "", **properties: object) -> dict:
    """A mapping with these keys and no others."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def many(items: object) -> dict:
    return {"type": "array", "items": items, "minItems": 1}


TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 0}
WORDS, NAMES = many(TEXT), {"type": "object", "additionalProperties": TEXT}
PORT = {"type": ["integer", "string"]}
CONTAINER = mapping(
    "name image",
    name=TEXT,
    image=TEXT,
    args=WORDS,
    command=WORDS,
    workingDir=TEXT,
    resources=mapping(requests=NAMES, limits=NAMES),
    volumeMounts=many(mapping("name mountPath", name=TEXT, mountPath=TEXT)),
    ports=many(mapping("containerPort", name=TEXT, containerPort=COUNT, protocol=TEXT)),
    readinessProbe=mapping(
        httpGet=mapping("port", port=PORT, path=TEXT),
        initialDelaySeconds=COUNT,
        periodSeconds=COUNT,
    ),
)
POD = mapping(
    "containers",
    containers=many(CONTAINER),
    restartPolicy={"enum": ["OnFailure", "Never"]},
    volumes=many(
        mapping("name", name=TEXT, persistentVolumeClaim=mapping("claimName", claimName=TEXT))
    ),
)
SERVICE = mapping(
    "ports selector",
    type={"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
    selector=NAMES,
    ports=many(mapping("port", name=TEXT, protocol=TEXT, port=COUNT, targetPort=PORT)),
)
SPECS = {
    ("kubernetes.dask.org/v1", "DaskCluster"): mapping(
        "scheduler worker",
        idleTimeout=COUNT,
        worker=mapping("spec", replicas=COUNT, spec=POD),
        scheduler=mapping("spec service", spec=POD, service=SERVICE),
    ),
    ("kubernetes.dask.org/v1", "DaskAutoscaler"): mapping(
        "cluster minimum maximum", cluster=TEXT, minimum=COUNT, maximum=COUNT
    ),
    ("batch/v1", "Job"): mapping(
        "template", backoffLimit=COUNT, template=mapping("spec", spec=POD)
    ),
}


@pytest.fixture(scope="module")
def documents() -> dict[str, dict]:
    """The documents of the example by their kinds."""
    (text,) = (
        step.text
        for step in read_steps(ROOT / "docs/cluster.md")
        if isinstance(step, File) and step.name == "cluster.yaml"
    )
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def test_every_document_has_the_structure_of_its_kind(documents: dict[str, dict]):
    assert len(documents) == len(SPECS)
    for document in documents.values():
        spec = SPECS[document["apiVersion"], document["kind"]]
        whole = mapping(
            "apiVersion kind metadata spec",
            apiVersion=TEXT,
            kind=TEXT,
            metadata=mapping("name", name=TEXT),
            spec=spec,
        )
        jsonschema.validate(document, whole)


def test_names_refer_to_each_other(documents: dict[str, dict]):
    cluster, scaler, job = (documents[k] for k in ("DaskCluster", "DaskAutoscaler", "Job"))
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    assert scaler["spec"]["cluster"] == name
    assert scaler["spec"]["minimum"] <= spec["worker"]["replicas"] <= scaler["spec"]["maximum"]
    labels = {"dask.org/cluster-name": name, "dask.org/component": "scheduler"}
    assert spec["scheduler"]["service"]["selector"] == labels
    (scheduler,) = spec["scheduler"]["spec"]["containers"]
    ports = {port["name"] for port in scheduler["ports"]}
    assert {port["targetPort"] for port in spec["scheduler"]["service"]["ports"]} == ports
    assert scheduler["readinessProbe"]["httpGet"]["port"] in ports
    pods = [spec["worker"]["spec"], spec["scheduler"]["spec"], job["spec"]["template"]["spec"]]
    images = {container["image"] for pod in pods for container in pod["containers"]}
    assert images == {f"registry.example/mixdown:{project()['project']['version']}"}
    for pod in pods:
        mounted = {m["name"] for c in pod["containers"] for m in c.get("volumeMounts", ())}
        assert mounted == {volume["name"] for volume in pod.get("volumes", ())}
    (publish,) = job["spec"]["template"]["spec"]["containers"]
    words = [*publish["command"], *publish["args"]]
    assert words[:2] == ["mixdown", "batch"]
    given = command.make_context("batch", words[2:]).params
    assert given["scheduler"] == f"tcp://{name}-scheduler:8786"
