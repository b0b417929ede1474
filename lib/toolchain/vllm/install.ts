import { createHash, randomBytes } from 'node:crypto'
import { access, mkdir, readdir, readFile, realpath, rename, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { EXIT, UserError } from '../../core/errors.ts'
import { answerForVllm } from './metadata.ts'
import { pipFailure } from './pip-failure.ts'
import { countPackages, pipProgress } from './pip-progress.ts'
import { findPython } from './python.ts'
import { type FreeBytes, freeBytes, gigabytes, requireRoom, SIZES } from './room.ts'

export interface VllmInstall {
  /** The `vllm` program of the virtual environment. */
  vllm: string
  /** A directory with a model's configuration and tokenizer, and no weights. */
  model: string
}

export interface VllmOptions {
  cacheRoot: string
  env: Readonly<Record<string, string | undefined>>
  machine: { platform: string; arch: string }
  /** That the model's tokenizer has one token for. */
  words: readonly string[]
  /** Said once, before anything is downloaded. */
  onWarning(text: string): void
  onProgress(text: string): void
  signal: AbortSignal
  free?: FreeBytes
}

export const VLLM_VERSION = '0.32.0'

/** What was installed before, whole; null where there is none. */
export const findVllm = async (
  options: Pick<VllmOptions, 'cacheRoot' | 'env' | 'words'>,
): Promise<VllmInstall | null> => {
  const { link } = await placeOf(options)
  const folder = await realpath(link).catch(() => null)
  if (folder === null) return null
  const install = installIn(folder)
  const { failed } = await execa(join(folder, 'venv/bin/python'), ['-c', 'pass'], {
    ...childOptions(options.env),
    reject: false,
  })
  if (!failed) return install
  throw new UserError({
    code: 'vllm-broken',
    message: `expected the vLLM that was installed at ${folder} to run, found that its Python does not: it was removed or changed since`,
    hint: `remove it with \`rm -r ${link} ${folder}\`, and the same command installs it anew`,
  })
}

/**
 * Installs the locked packages into a folder of their own, and gives it its name only when a vLLM in it has answered: what was
 * broken off half-way, by whatever, never has that name. The caller sees to it that there is one at a time on the machine.
 */
export const installVllm = async (options: VllmOptions): Promise<VllmInstall> => {
  const { cacheRoot, env, onWarning, signal } = options
  requireMachine(options)
  const python = await findPython(env)
  const { root, link } = await placeOf(options)
  await mkdir(root, { recursive: true })
  await removeHalves(root)
  await requireRoom(root, options.free ?? freeBytes)
  onWarning(
    `a real vLLM ${VLLM_VERSION} is installed once, with Python ${python.version}, into ${root}: about ${gigabytes(SIZES.download)} are ` +
      `downloaded, and ${gigabytes(SIZES.installed)} stay on the disk until \`rm -r ${join(cacheRoot, 'vllm')}\``,
  )
  const folder = `${link}.${randomBytes(4).toString('hex')}`
  try {
    await build(folder, python.command, options)
    signal.throwIfAborted()
    await symlink(basename(folder), `${folder}.link`)
    await rename(`${folder}.link`, link)
  } catch (error) {
    options.onProgress('removing what was half installed')
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  // Kept until now, so that a second attempt does not download everything again.
  await rm(downloadsOf(root), { recursive: true, force: true })
  return installIn(folder)
}

// --- Internal helpers ---

const HERE = fileURLToPath(new URL('.', import.meta.url))
const LOCK = join(HERE, 'requirements.lock.txt')
const MAKE_MODEL = join(HERE, 'make_model.py')

/** The folder is named by everything that goes into it. */
const placeOf = async ({
  cacheRoot,
  words,
}: Pick<VllmOptions, 'cacheRoot' | 'words'>): Promise<{ root: string; link: string }> => {
  const hash = createHash('sha256')
  for (const file of [LOCK, MAKE_MODEL]) hash.update(await readFile(file)).update('\0')
  hash.update(JSON.stringify(words))
  const root = join(cacheRoot, 'vllm')
  return { root, link: join(root, hash.digest('hex').slice(0, 16)) }
}

const installIn = (folder: string): VllmInstall => ({
  vllm: join(folder, 'venv/bin/vllm'),
  model: join(folder, 'model'),
})

const downloadsOf = (root: string): string => join(root, 'downloads')

const requireMachine = ({ machine: { platform, arch } }: VllmOptions): void => {
  if (platform === 'linux' && arch === 'x64') return
  throw new UserError({
    code: 'engine-not-for-this-machine',
    message: `expected Linux on x64 for the vLLM that firedrill installs, found ${platform} on ${arch}`,
    hint: 'install a vLLM of your own and name it with --engine FILE (docs/engine.md), or use the emulated one',
  })
}

/** Folders of attempts that were killed, whose link was never made. */
const removeHalves = async (root: string): Promise<void> => {
  const names = await readdir(root)
  const links = names.filter((name) => !name.includes('.') && name !== 'downloads')
  const whole = new Set(await Promise.all(links.map((name) => realpath(join(root, name)).catch(() => ''))))
  const halves = names.filter((name) => name.includes('.') && !whole.has(join(root, name)))
  await Promise.all(halves.map((name) => rm(join(root, name), { recursive: true, force: true })))
}

const build = async (folder: string, python: string, options: VllmOptions): Promise<void> => {
  const { env, onProgress, signal, words } = options
  const venv = join(folder, 'venv')
  const child = { ...childOptions(env), cancelSignal: signal, reject: false, all: true } as const
  await mkdir(join(folder, 'tmp'), { recursive: true })
  onProgress('vLLM: making a virtual environment')
  const made = await execa(python, ['-m', 'venv', venv], child)
  signal.throwIfAborted()
  if (made.failed) throw venvFailure(python, made.all)

  await installPackages(venv, join(folder, 'tmp'), options)

  onProgress('vLLM: making the model')
  await answerForVllm(venv, VLLM_VERSION)
  await rm(join(folder, 'tmp'), { recursive: true, force: true })
  const model = await execa(join(venv, 'bin/python'), [MAKE_MODEL, join(folder, 'model'), ...words], child)
  signal.throwIfAborted()
  if (model.failed) throw notWhole('its tokenizers package to make a model directory', model.all)

  onProgress('vLLM: starting it once')
  const asked = await execa(join(venv, 'bin/vllm'), ['--version'], child)
  signal.throwIfAborted()
  if (asked.failed || !asked.all.includes(VLLM_VERSION))
    throw notWhole(`vllm --version to say ${VLLM_VERSION}`, asked.all)
}

const installPackages = async (
  venv: string,
  temporary: string,
  { cacheRoot, env, onProgress, signal }: VllmOptions,
): Promise<void> => {
  const progress = pipProgress(countPackages(await readFile(LOCK, 'utf8')))
  const cache = downloadsOf(join(cacheRoot, 'vllm'))
  const args = ['install', '--no-input', '--no-deps', '--require-hashes', '--disable-pip-version-check']
  const output = ['--progress-bar', 'off', '--no-color', '--cache-dir', cache]
  const pip = execa(join(venv, 'bin/python'), ['-m', 'pip', ...args, ...output, '-r', LOCK], {
    ...childOptions({ ...env, TMPDIR: temporary }),
    cancelSignal: signal,
    reject: false,
    all: true,
  })
  const watch = async (): Promise<void> => {
    for await (const line of pip.iterable({ from: 'all' })) {
      const text = progress(line)
      if (text !== null) onProgress(`vLLM: ${text}`)
    }
  }
  // Its end, good or bad, is told by the result below.
  const [{ failed, all, exitCode }] = await Promise.all([pip, watch().catch(() => undefined)])
  signal.throwIfAborted()
  if (failed) throw pipFailure(all, exitCode)
  await access(join(venv, 'bin/vllm'))
}

const childOptions = (env: VllmOptions['env']) => ({
  // What it says once is not worth asking a server whether it may.
  env: { ...env, HF_HUB_OFFLINE: '1', VLLM_NO_USAGE_STATS: '1' },
  extendEnv: false,
  stdin: 'ignore' as const,
})

const venvFailure = (python: string, output: string): UserError =>
  new UserError({
    code: 'python-incomplete',
    message: `expected \`${python} -m venv\` to make a virtual environment, found:\n${output.trimEnd()}`,
    hint: 'install what it names (Debian and Ubuntu: python3-venv) and run this again',
  })

const notWhole = (expected: string, output: string): UserError =>
  new UserError({
    code: 'vllm-install-failed',
    message: `expected ${expected}, found:\n${output.trimEnd().split('\n').slice(-12).join('\n')}`,
    hint: 'nothing of it was kept; the same command tries again',
    exitCode: EXIT.fail,
  })
