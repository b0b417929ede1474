import { errorMessage } from '../../lib/core/errors.ts'
import type { Random } from '../../lib/core/random.ts'
import { type Death, deaths } from './deaths.ts'
import type { Lane } from './lane.ts'
import type { Case } from './life.ts'
import type { DeathRow } from './table.ts'

export interface Pair {
  death: Death
  fault: Case
}

/** So many faults of each death that is not every fault's. */
const FAULTS_EACH = 3

/** Each death with some faults, drawn; with `all`, or where it is every fault's own matter, with all of them. */
export const drawDeaths = (faults: readonly Case[], { all, random }: { all: boolean; random: Random }): Pair[] =>
  deaths.flatMap((death) => {
    const drawn =
      all || death.everyFault === true || faults.length <= FAULTS_EACH ? faults : random.pick(faults, FAULTS_EACH)
    return drawn.map((fault) => ({ death, fault }))
  })

export const survive = async (lane: Lane, { death, fault }: Pair): Promise<DeathRow> => {
  const started = performance.now()
  const befallen = async (): Promise<string[]> => {
    await lane.dismiss()
    await lane.drill.allReady()
    return death.befall(lane, fault, await lane.snapshot())
  }
  const problems = await befallen().catch((error: unknown) => [errorMessage(error)])
  // What the next one finds is told there.
  if (problems.length > 0) await lane.renew().catch(() => undefined)
  const nothingToUndo = death.nothingToUndo?.(fault) ?? false
  return { death: death.name, fault: fault.name, problems, nothingToUndo, ms: performance.now() - started }
}
