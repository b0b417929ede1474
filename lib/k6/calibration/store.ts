import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { cpus, release, type as system } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Calibration } from '../../core/calibration.ts'

export interface CalibrationTools {
  /** Paths of the binaries built from tools/k6 and tools/calibration: their folders are named by their sources' hash. */
  k6: string
  calibration: string
  /** Where calibrations are kept: `calibration` in the user's cache folder. */
  cacheDir: string
  /** Version of Node. */
  node: string
}

/** The calibration of this machine and this client; null where there is none, or it cannot be read. */
export const readCalibration = async (tools: CalibrationTools): Promise<Calibration | null> => {
  try {
    const found = Calibration.parse(JSON.parse(await readFile(fileOf(tools), 'utf8')))
    return found
  } catch {
    return null
  }
}

/** Written whole or not at all: two runs may calibrate at once. */
export const storeCalibration = async (tools: CalibrationTools, calibration: Calibration): Promise<string> => {
  const file = fileOf(tools)
  await mkdir(dirname(file), { recursive: true })
  const scratch = `${file}.${calibration.at}`
  await writeFile(scratch, `${JSON.stringify(calibration, null, 2)}\n`)
  await rename(scratch, file)
  return file
}

export const machineOf = (tools: CalibrationTools): Calibration['machine'] => {
  const processors = cpus()
  return {
    cpuModel: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    kernel: `${system()} ${release()}`,
    node: tools.node,
  }
}

/** `k6-157942a0d5550e2e` */
export const toolOf = ({ k6 }: CalibrationTools): string => basename(dirname(k6))

// --- Internal helpers ---

const fileOf = (tools: CalibrationTools): string => {
  const { cpuModel, cores, kernel } = machineOf(tools)
  // What measures counts as well as what is measured.
  const key = JSON.stringify([toolOf(tools), basename(dirname(tools.calibration)), cpuModel, cores, kernel])
  return join(tools.cacheDir, `${createHash('sha256').update(key).digest('hex').slice(0, 16)}.json`)
}
