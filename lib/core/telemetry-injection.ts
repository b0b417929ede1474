/** What DCGM can be made to tell: its numbers of the fields (dcgm_fields.h), and dcgm-exporter's names of them. */
export const GPU_READINGS = {
  temperature: { field: 150, metric: 'DCGM_FI_DEV_GPU_TEMP' },
  power: { field: 155, metric: 'DCGM_FI_DEV_POWER_USAGE' },
  clock: { field: 100, metric: 'DCGM_FI_DEV_SM_CLOCK' },
  utilisation: { field: 203, metric: 'DCGM_FI_DEV_GPU_UTIL' },
  xid: { field: 230, metric: 'DCGM_FI_DEV_XID_ERRORS' },
  'memory-used': { field: 252, metric: 'DCGM_FI_DEV_FB_USED' },
} as const
export type GpuReading = keyof typeof GPU_READINGS

export interface TelemetryInjection {
  name: string
  namespace: string
  node: string
  image: string
  /** DCGM's host engine, as the node reaches its own. */
  host: string
  gpu: number
  reading: GpuReading
  value: number
}

/**
 * A Job that puts the value into DCGM's cache again every two seconds, each time for three: whenever and however it ends, what is
 * really measured shows again soon after. Ready once the first has been taken.
 */
export const injectingJob = (injection: TelemetryInjection, seconds: number) => {
  const { name, namespace, node, image, host, gpu, reading, value } = injection
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: seconds + 1,
      ttlSecondsAfterFinished: 60,
      template: {
        spec: {
          nodeName: node,
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 0,
          automountServiceAccountToken: false,
          tolerations: [{ operator: 'Exists' }],
          containers: [
            {
              name: 'telemetry',
              image,
              imagePullPolicy: 'IfNotPresent',
              command: ['sh', '-c', INJECT, 'sh'],
              args: [host, gpu, GPU_READINGS[reading].field, value, seconds].map(String),
              // Where dcgmi would look for devices of its own; the host engine has them all.
              env: [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }],
              readinessProbe: { exec: { command: ['test', '-e', './done'] }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  }
}

// --- Internal helpers ---

const INJECT = `
rm -f ./done
left="$5"
while [ "$left" -gt 0 ]; do
  dcgmi test --host "$1" --inject --gpuid "$2" -f "$3" -v "$4" --offset 3 || exit 1
  : > ./done
  sleep 2
  left="$((left - 2))"
done
`
