import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FaultResource } from '../core/fault-resource.ts'
import { type FaultWindow, faultWindows } from '../core/fault-window.ts'
import { RUN_FILES } from '../core/run-folder.ts'
import { isPlaying } from '../k6/playing.ts'
import { markFaults, type Packed, packRequests } from '../k6/records.ts'
import { removeParts } from './sweep.ts'

/** Packs the request records of a run whose faults are on record. */
export const packRun = async (dir: string): Promise<Packed | null> => {
  const windows = await windowsOf(dir)
  const packed = await packRequests(dir, windows)
  // `score` was asked while the run still healed, and has packed what it took for a killed run's.
  if (packed === null && windows.length > 0) await markFaults(dir, windows)
  return packed
}

/** Packs what a killed run left in its spool, and removes what killed writers left; null where there is no spool, or where k6 still writes it. */
export const packLeftover = async (dir: string): Promise<Packed | null> => {
  // A folder that may only be read can be read all the same.
  await removeParts(dir).catch(() => undefined)
  const isThere = await stat(join(dir, RUN_FILES.requestSpool)).then(
    () => true,
    () => false,
  )
  return isThere && (await isPlaying(dir)) === false ? packRun(dir) : null
}

// --- Internal helpers ---

/** Without the faults' records nobody knows which requests met them: the column is empty then. */
const windowsOf = async (dir: string): Promise<FaultWindow[]> => {
  const faults = await readFile(join(dir, RUN_FILES.faults), 'utf8')
    .then((text) => z.array(FaultResource).parse(JSON.parse(text)))
    .catch(() => [])
  return faultWindows(faults)
}
