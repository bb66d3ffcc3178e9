"""Keys of Kubernetes' objects (its API reference, v1.34), so that one that is none of them is told of."""

OBJECT = ("apiVersion", "kind", "metadata", "spec", "status")
WORKLOAD = tuple(
    "replicas selector template strategy minReadySeconds revisionHistoryLimit paused progressDeadlineSeconds "
    "serviceName volumeClaimTemplates updateStrategy podManagementPolicy persistentVolumeClaimRetentionPolicy "
    "ordinals".split()
)
POD = tuple(
    "activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks "
    "ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets "
    "initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates "
    "resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates securityContext "
    "serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds "
    "tolerations topologySpreadConstraints volumes".split()
)
CONTAINER = tuple(
    "args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy "
    "resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath "
    "terminationMessagePolicy tty volumeDevices volumeMounts workingDir".split()
)
SERVICE = tuple(
    "allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName externalTrafficPolicy "
    "healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP "
    "loadBalancerSourceRanges ports publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig "
    "trafficDistribution type".split()
)
SCALER = (
    "scaleTargetRef",
    "minReplicas",
    "maxReplicas",
    "metrics",
    "behavior",
    "targetCPUUtilizationPercentage",
)
METRIC = ("type", "resource", "containerResource", "pods", "object", "external")
