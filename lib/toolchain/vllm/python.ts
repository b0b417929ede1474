import { execa } from 'execa'
import { UserError } from '../../core/errors.ts'

export interface Python {
  /** The program, as it is found on the PATH. */
  command: string
  version: string
}

type Env = Readonly<Record<string, string | undefined>>

/** The versions that the locked packages have builds for. */
const MINORS = [11, 12, 13]
const CANDIDATES = [...MINORS.map((minor) => `python3.${minor}`), 'python3']
const WANTED = `Python 3.${MINORS[0]} to 3.${MINORS.at(-1)}`

/** The first usable Python on the PATH. Throws `python-missing` with what was found instead. */
export const findPython = async (env: Env): Promise<Python> => {
  const unfit: string[] = []
  for (const command of CANDIDATES) {
    const found = await versionOf(command, env)
    if (found === null) continue
    if (isFit(found)) return { command, version: found }
    unfit.push(`${command} of version ${found}`)
  }
  throw new UserError({
    code: 'python-missing',
    message: `expected ${WANTED} on the PATH, to run a real vLLM with, found ${unfit.join(' and ') || 'none'}`,
    hint: 'install one of them (Debian and Ubuntu: python3 and python3-venv) and run this again; the emulated engine needs no Python',
  })
}

// --- Internal helpers ---

const isFit = (version: string): boolean => {
  const [major, minor] = version.split('.').map(Number)
  return major === 3 && minor !== undefined && MINORS.includes(minor)
}

/** Null where there is none of that name, or one that does not run, such as the shim of a version that is not installed. */
const versionOf = async (command: string, env: Env): Promise<string | null> => {
  const { failed, stdout } = await execa(command, ['-c', 'import platform; print(platform.python_version())'], {
    env: { ...env },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  })
  return failed ? null : (/^3\.\d+\S*|^\d+\.\d+\S*/.exec(stdout.trim())?.[0] ?? null)
}
