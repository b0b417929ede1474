/** The Jobs that cap the power of GPUs and give it back: pure, so that the plan of a fault can name them. */
export interface PowerCap {
  name: string
  namespace: string
  node: string
  image: string
  watts: number
  /** Each with the limit that was in force before. */
  gpus: readonly { uuid: string; limitWatts: number }[]
}

type Job = { metadata: { name: string; namespace: string } } & Record<string, unknown>

/**
 * Caps, and gives the power back when its seconds are over, when it is told to end, or when the Job's deadline comes. Ready once the cap is
 * in force.
 */
export const cappingJob = (cap: PowerCap, seconds: number): Job => job(cap, CAP, seconds, seconds + 3)

/** Gives back what is still capped, whoever left it. Ready once that is done. */
export const restoringJob = (cap: PowerCap): Job => job({ ...cap, name: restoringName(cap) }, RESTORE, LINGER_S, 30)

export const restoringName = ({ name }: Pick<PowerCap, 'name'>): string => `${name}-back`

// --- Internal helpers ---

/** How long a pod that has done its work stays, so that it is seen to be ready. */
const LINGER_S = 20

/** Only what carries our mark is put back: a limit that is the one we set. */
const FUNCTIONS = `
seconds="$1" watts="$2"; shift 2
rm -f ./done
limit() { nvidia-smi -i "$1" --query-gpu=power.limit --format=csv,noheader,nounits; }
restore() {
  for gpu in "$@"; do
    now="$(limit "\${gpu%=*}")" || exit 1
    if [ "\${now%%.*}" = "$watts" ]; then nvidia-smi -i "\${gpu%=*}" -pl "\${gpu#*=}" || exit 1; fi
  done
}
`

const CAP = `${FUNCTIONS}
trap 'restore "$@"; exit' TERM INT
for gpu in "$@"; do
  nvidia-smi -i "\${gpu%=*}" -pl "$watts" || { restore "$@"; exit 1; }
done
: > ./done
sleep "$seconds" & wait "$!"
restore "$@"
`

const RESTORE = `${FUNCTIONS}
trap exit TERM INT
restore "$@"
: > ./done
sleep "$seconds" & wait "$!"
`

const job = (
  { name, namespace, node, image, watts, gpus }: PowerCap,
  script: string,
  seconds: number,
  deadlineSeconds: number,
): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace },
  spec: {
    backoffLimit: 0,
    activeDeadlineSeconds: deadlineSeconds,
    ttlSecondsAfterFinished: 60,
    template: {
      spec: {
        nodeName: node,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 10,
        automountServiceAccountToken: false,
        tolerations: [{ operator: 'Exists' }],
        containers: [
          {
            name: 'power-cap',
            image,
            imagePullPolicy: 'IfNotPresent',
            command: ['sh', '-c', script, 'sh', String(seconds), String(watts)],
            args: gpus.map(({ uuid, limitWatts }) => `${uuid}=${limitWatts}`),
            // All devices of the node, which the runtime then mounts, and the right to set them up.
            env: [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }],
            securityContext: { privileged: true },
            readinessProbe: { exec: { command: ['test', '-e', './done'] }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
})
