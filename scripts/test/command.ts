/** How the parts of a test run call their tools. */
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { execa } from 'execa'

export const ROOT = join(import.meta.dirname, '..', '..')
const BIN = join(ROOT, 'node_modules', '.bin')

interface Ended {
  readonly ok: boolean
  /** Standard output alone. */
  readonly stdout: string
  /** Both streams, and why the command ended where that is not plain. */
  readonly all: string
}

/** @param live whether its output is also shown as it comes, on standard error */
const called = async (
  cwd: string,
  [command, ...args]: readonly [string, ...string[]],
  live: boolean,
): Promise<Ended> => {
  const { failed, stdout, all, shortMessage } = await execa(command, args, {
    cwd,
    env: { PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}` },
    reject: false,
    stdin: 'ignore',
    all: true,
    stdout: live ? ['pipe', 'inherit'] : 'pipe',
    stderr: live ? ['pipe', 'inherit'] : 'pipe',
  })
  return { ok: !failed, stdout, all: failed ? `${all}\n${shortMessage}` : all }
}

/** Runs a command and shows what it says as it comes. */
export const run = (cwd: string, ...command: [string, ...string[]]): Promise<Ended> => {
  process.stderr.write(`\n── ${command.join(' ')}\n`)
  return called(cwd, command, true)
}

/** Runs a command whose output is for the caller. */
export const quiet = (cwd: string, ...command: [string, ...string[]]): Promise<Ended> => called(cwd, command, false)
