import { z } from 'zod'
import type { Ledger } from '../../../stack/apps/gpu-emulator/ledger.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Running } from './kubelet.ts'

/** What a fault's Job says of its pod. */
export const JobManifest = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({
    template: z.object({
      spec: z.object({
        nodeName: z.string(),
        containers: z
          .array(z.object({ name: z.string(), image: z.string(), args: z.array(z.string()).default([]) }))
          .min(1),
      }),
    }),
  }),
})
export type JobManifest = z.infer<typeof JobManifest>

export interface ProgramContext {
  clock: Clockwork
  gpu: Ledger
  holder: { pod: string; uid: string }
  args: readonly string[]
  onExit(exitCode: number): void
}

/** The counterparts of programs that faults start, by image without its tag. */
export const PROGRAMS: Readonly<Record<string, (context: ProgramContext) => Running>> = {
  'firedrill/gpu-hog': (context) => gpuHog(context),
}

export const programOf = (image: string): ((context: ProgramContext) => Running) | undefined =>
  PROGRAMS[image.replace(/:[^/]*$/, '')]

// --- Internal helpers ---

const BOOT_MS = 100
/** As in stack/apps/gpu-hog. */
const RETRY_MS = 100
const SECOND = 1_000
const SIGKILLED = 137

/** Takes whatever is free, up to --mib, and tries again every 100 ms; ready once it has tried; ends after --seconds. */
const gpuHog = ({ clock, gpu, holder, args, onExit }: ProgramContext): Running => {
  const option = (name: string): number => Number(args[args.indexOf(name) + 1])
  const mib = option('--mib')
  const releases: (() => void)[] = []
  let held = 0
  let hasTried = false
  let isOver = false

  const grow = (): void => {
    if (isOver) return
    const want = Math.min(gpu.freeMiB(), mib - held)
    hasTried = true
    const entry = want > 0 ? gpu.take(holder, want) : null
    if (entry !== null) {
      held += want
      releases.push(() => gpu.give(entry))
    }
    clock.after(RETRY_MS, grow)
  }
  const exit = (code: number): void => {
    if (isOver) return
    isOver = true
    for (const release of releases) release()
    onExit(code)
  }
  clock.after(BOOT_MS, grow)
  clock.after(BOOT_MS + option('--seconds') * SECOND, () => exit(0))
  return { isHealthy: () => hasTried, terminate: () => exit(0), kill: () => exit(SIGKILLED) }
}
