import type { FaultKube } from '../../lib/core/fault.ts'
import type { ExecPod } from '../../lib/core/fault-kube/exec.ts'

/** Runs a command that has to succeed; its output, or null where there is nothing left to run it in. */
export const run = async (kube: FaultKube, pod: ExecPod, command: readonly string[]): Promise<string | null> => {
  const result = await kube.exec(pod, command)
  if (result === null || result.exitCode === 0) return result?.stdout ?? null
  throw new Error(`${pod.name}: ${result.stderr.trim() || `the command ended with exit code ${result.exitCode}`}`)
}
