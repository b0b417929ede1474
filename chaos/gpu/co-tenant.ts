/** A Job with one pod that holds GPU memory beside a serving pod. */
export type CoTenantJob = { metadata: { name: string; namespace: string } } & Record<string, unknown>

/** Understands --mib, --seconds and --port; ready once it holds what was free. */
export const HOG_IMAGE = 'firedrill/gpu-hog'
/** Of its readiness. */
const PORT = 8_080

export interface CoTenant {
  id: string
  namespace: string
  node: string
  image: string
  mib: number
  seconds: number
}

/** Ends three times over: by its own argument, by the Job's deadline, and by the controller, which comes first. */
export const coTenant = ({ id, namespace, node, image, mib, seconds }: CoTenant): CoTenantJob => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: id, namespace },
  spec: {
    backoffLimit: 0,
    activeDeadlineSeconds: seconds + 3,
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
            name: 'co-tenant',
            image,
            imagePullPolicy: 'IfNotPresent',
            args: ['--mib', String(mib), '--seconds', String(seconds + 2), '--port', String(PORT)],
            env: [
              { name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' },
              { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            ],
            // Ready once it holds what was free: only then may the victim go.
            readinessProbe: { httpGet: { path: '/ready', port: PORT }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
})
