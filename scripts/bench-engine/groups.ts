import type { Line } from '../bench/line.ts'
import { replays } from './replay.ts'
import { serverCost } from './server.ts'
import { simulatedTime } from './simulate.ts'

/** What `npm run bench:engine` measures, in this order; `--only` takes these names. */
export const GROUPS: Readonly<Record<string, (progress: (text: string) => void) => Promise<Line[]>>> = {
  replay: replays,
  server: serverCost,
  simulate: simulatedTime,
}
