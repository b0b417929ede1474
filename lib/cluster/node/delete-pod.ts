import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../core/errors.ts'
import { isConflict, isNotFound } from '../../kube/errors.ts'
import type { V1Pod } from '../../kube/pod-types.ts'
import type { RawClient } from '../../kube/raw.ts'

const RETRY_MS = 1_000

/** The kubelet's last word: nothing of the pod runs any more, it may go. Never touches a later pod of the same name. */
export const deletePod = async (api: RawClient, pod: V1Pod, log: (message: string) => void): Promise<void> => {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
  for (;;) {
    try {
      await api('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, {
        body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } },
      })
      return
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return
      log(`${namespace}/${name}: not deleted: ${errorMessage(error)}`)
      await delay(RETRY_MS)
    }
  }
}
