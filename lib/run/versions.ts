import { z } from 'zod'
import { serverVersion } from '../kube/version.ts'
import { getText } from './collect/poll.ts'
import type { Connections } from './connections.ts'

const AlertmanagerStatus = z.object({ versionInfo: z.object({ version: z.string() }) })

/** What runs on the target, by name. A part that is not there, or does not say, is left out. */
export const targetVersions = async (
  { kube, prometheus, alertmanager }: Pick<Connections, 'kube' | 'prometheus' | 'alertmanager'>,
  engineVersion: string | null,
): Promise<Record<string, string>> => {
  const asked = {
    kubernetes: serverVersion(kube),
    prometheus: prometheus.buildInfo().then(({ version }) => version),
    alertmanager:
      alertmanager === null
        ? null
        : getText(alertmanager, '/api/v2/status').then(
            (text) => AlertmanagerStatus.parse(JSON.parse(text)).versionInfo.version,
          ),
    engine: engineVersion,
  }
  const said = await Promise.all(
    Object.entries(asked).map(
      async ([name, answer]) => [name, await Promise.resolve(answer).catch(() => null)] as const,
    ),
  )
  return Object.fromEntries(said.flatMap(([name, version]) => (version ? [[name, version.replace(/^v/, '')]] : [])))
}
