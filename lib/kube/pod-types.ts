/** The types of what a node runs, for the node agent; the library itself stays behind lib/kube. */
export type {
  CoreV1Event,
  V1ConfigMap,
  V1Container,
  V1EnvVarSource,
  V1ExecAction,
  V1HTTPGetAction,
  V1LifecycleHandler,
  V1Node,
  V1Pod,
  V1Probe,
  V1ResourceFieldSelector,
  V1Secret,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node'
