"""What KubeRay 1.6 and 1.7 take for a RayCluster and a RayJob (``ray.io/v1``).

The names and types are those of its definitions (ray-operator/config/crd/bases in
https://github.com/ray-project/kuberay), as far as our file may use them. Pod templates are left to
Kubernetes' own schema.
"""

from __future__ import annotations

from typing import Any

TEXT, YES_NO, WORDS = {"type": "string"}, {"type": "boolean"}, {"type": "object"}
COUNT = {"type": "integer", "minimum": 0}


def record(*required: str, **properties: Any) -> dict[str, Any]:
    closed = {"additionalProperties": False, "required": list(required)}
    return {"type": "object", "properties": properties, **closed}


def one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


TEXTS = {"type": "object", "additionalProperties": TEXT}
GROUP = {"template": WORDS, "rayStartParams": TEXTS, "resources": TEXTS, "labels": TEXTS}
HEAD = record("template", **GROUP, serviceType=TEXT, enableIngress=YES_NO, headService=WORDS)
WORKERS = record(
    "groupName",
    "minReplicas",
    "maxReplicas",
    "template",
    **GROUP,
    groupName=TEXT,
    replicas=COUNT,
    minReplicas=COUNT,
    maxReplicas=COUNT,
    numOfHosts=COUNT,
    priority=COUNT,
    idleTimeoutSeconds=COUNT,
    suspend=YES_NO,
)
AUTOSCALER = record(
    version=one_of("v1", "v2"),
    upscalingMode=one_of("Default", "Aggressive", "Conservative"),
    idleTimeoutSeconds=COUNT,
    image=TEXT,
    resources=WORDS,
    env={"type": "array"},
)
CLUSTER = record(
    "headGroupSpec",
    headGroupSpec=HEAD,
    workerGroupSpecs={"type": "array", "items": WORKERS},
    autoscalerOptions=AUTOSCALER,
    enableInTreeAutoscaling=YES_NO,
    authOptions=record(mode=one_of("disabled", "token"), secretName=TEXT),
    gcsFaultToleranceOptions=WORDS,
    rayVersion=TEXT,
    suspend=YES_NO,
)
JOB = record(
    clusterSelector=TEXTS,
    rayClusterSpec=CLUSTER,
    entrypoint=TEXT,
    entrypointNumCpus={"type": "number"},
    runtimeEnvYAML=TEXT,
    submissionMode=one_of("K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"),
    submitterPodTemplate=WORDS,
    shutdownAfterJobFinishes=YES_NO,
    ttlSecondsAfterFinished=COUNT,
    activeDeadlineSeconds=COUNT,
    backoffLimit=COUNT,
    suspend=YES_NO,
)
SCHEMAS = {
    kind: record(
        "apiVersion",
        "kind",
        "metadata",
        "spec",
        apiVersion=one_of("ray.io/v1"),
        kind=one_of(kind),
        metadata=WORDS,
        spec=spec,
    )
    for kind, spec in (("RayCluster", CLUSTER), ("RayJob", JOB))
}
