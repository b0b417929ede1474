import { errorMessage } from '../../lib/core/errors.ts'
import { servingContainer } from '../../lib/core/serving-container.ts'
import { type Kube, orNull } from '../../lib/kube/client.ts'
import { execCommand } from '../../lib/kube/exec.ts'

const TIMEOUT_MS = 10_000

/** What a serving container says to a question in the form of a command, or why it was not to be had. */
export type PodAnswer = { ok: true; container: string; stdout: string } | { ok: false; reason: string }

/** Runs a command that changes nothing. */
export const askPod = async (
  kube: Kube,
  namespace: string,
  name: string,
  command: readonly string[],
): Promise<PodAnswer> => {
  const pod = await orNull(kube.core.readNamespacedPod({ namespace, name }))
  if (pod === null) return refuse(`expected pod ${name}, found that it is gone`)
  const container = servingContainer(pod)?.name
  if (container === undefined) {
    const names = pod.spec?.containers.map((one) => one.name).join(', ')
    return refuse(`expected one container with a GPU in ${name}, or one that is its default, found ${names}`)
  }
  try {
    const options = { namespace, pod: name, container, command, timeoutMs: TIMEOUT_MS }
    const { exitCode, stdout, stderr } = await execCommand(kube, options)
    if (exitCode === 0) return { ok: true, container, stdout }
    return refuse(
      `expected ${command[0]} to succeed in ${name}/${container}, found exit code ${exitCode} ${(stderr || stdout).trim().slice(0, 200)}`,
    )
  } catch (error) {
    return refuse(`expected to run ${command[0]} in ${name}/${container}, found: ${errorMessage(error)}`)
  }
}

// --- Internal helpers ---

const refuse = (reason: string): PodAnswer => ({ ok: false, reason })
