import { appendFileSync, mkdirSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorMessage } from '../../core/errors.ts'

/** Writes a whole JSON-lines file, or none. */
export const writeJsonl = async (path: string, values: readonly unknown[]): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.part`, values.map((value) => `${JSON.stringify(value)}\n`).join(''))
  await rename(`${path}.part`, path)
}

/** Evidence that could not be had, in one sentence: what is missing makes verdicts unknown, and never ends a run. */
export type OnProblem = (problem: string) => void

/** A file that grows while the run goes. The first failure is told once; nothing is thrown into what watches. */
export const growingFile = (path: string, onProblem: OnProblem): { append(text: string): void } => {
  let broken = false
  const attempt = (act: () => void): void => {
    if (broken) return
    try {
      act()
    } catch (error) {
      broken = true
      onProblem(`${path} could not be written: ${errorMessage(error)}`)
    }
  }
  attempt(() => {
    mkdirSync(dirname(path), { recursive: true })
    appendFileSync(path, '')
  })
  return { append: (text) => attempt(() => appendFileSync(path, text)) }
}

/** A growing file of JSON lines. */
export const growingJsonl = (path: string, onProblem: OnProblem): { append(value: unknown): void } => {
  const file = growingFile(path, onProblem)
  return { append: (value) => file.append(`${JSON.stringify(value)}\n`) }
}
