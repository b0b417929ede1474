import type { Containers } from '../support/containers.ts'
import type { Snapshot } from './snapshot.ts'

/** What faults do where no API server sees it, as if it were objects. */
export const containersSnapshot = async (containers: Containers): Promise<Snapshot> =>
  new Map<string, unknown>([
    ['containers/stopped', containers.stopped()],
    ['containers/tasks', containers.tasks()],
    ['gpus/played', await containers.gpu()],
  ])
