import { errorMessage } from '../../lib/core/errors.ts'
import type { Random } from '../../lib/core/random.ts'
import { type Outcome, dryRun, killAt } from './kill-point.ts'
import type { Lane } from './lane.ts'
import { type Case, untilClean } from './life.ts'
import { killPoints, sampled } from './points.ts'
import { type Counts, counted } from './counts.ts'
import { type Row, pointTable } from './table.ts'

export interface CrashOptions {
  seed: number
  /** At most so many kill points. */
  share: number
  random: Random
  /** One line for each thing that was done. */
  onProgress(line: string): void
}

/** In which a point has to come. */
const LIVES = 3

export interface CrashReport extends Counts {
  text: string
}

/** One fault: a dry pass, then a life for each kill point. */
export const crashFault = async (
  lane: Lane,
  fault: Case,
  { seed, share, random, onProgress }: CrashOptions,
): Promise<CrashReport> => {
  const broken = (why: string): CrashReport => ({
    text: `${fault.name}: FAILED: ${why}\n`,
    points: 0,
    passed: 0,
    failed: 1,
    notReached: 0,
  })
  await lane.drill.allReady()
  let before = await lane.snapshot()
  const dry = await dryRun(lane, fault).catch(errorMessage)
  if (typeof dry === 'string') return broken(dry)
  const { phase, message } = dry.ended.status ?? {}
  if (phase !== 'Recovered') return broken(`expected it to recover with nobody killed, found ${phase}: ${message}`)
  const left = await untilClean(lane, before)
  if (left.length > 0) return broken(`with nobody killed it left ${left.join('; ')}`)

  onProgress(`${fault.name}: ${dry.boundaries.length} boundaries`)
  const rows: Row[] = []
  for (const point of sampled(killPoints(dry.boundaries, seed), share, random)) {
    const started = performance.now()
    const attempt = (): Promise<Outcome> =>
      killAt(lane, fault, point, before).catch((error: unknown) => ({ result: 'left', left: [errorMessage(error)] }))
    let outcome = await attempt()
    // Lives differ by what was seen in time: a point may come in the next.
    for (let life = 1; outcome.result === 'not reached' && life < LIVES; life++) outcome = await attempt()
    onProgress(`${fault.name}: ${point.when} ${point.index + 1} (${point.boundary}): ${outcome.result}`)
    rows.push({ fault: fault.name, point, outcome, ms: performance.now() - started })
    if (outcome.result !== 'left') continue
    await lane.renew()
    before = await lane.snapshot()
  }
  return { text: pointTable(rows), ...counted(rows.map(({ outcome }) => outcome)) }
}
