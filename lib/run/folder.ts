import { mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { errorMessage, EXIT, UserError } from '../core/errors.ts'

const FOLDERS = ['load', 'prometheus/series', 'alertmanager', 'kube/logs']

/** `2026-11-22T04-05-06Z`: sorts by time, and is a file name everywhere. */
export const runName = (at: number): string => new Date(at).toISOString().slice(0, 19).replaceAll(':', '-') + 'Z'

/** Makes `<root>/<scenario>/<UTC time>` and points `<root>/latest` to it. */
export const openRunFolder = async (root: string, scenario: string, at: number): Promise<string> => {
  const dir = resolve(root, scenario, runName(at))
  try {
    await makeFolder(dirname(dir))
    await mkdir(dir)
    for (const folder of FOLDERS) await mkdir(join(dir, folder), { recursive: true })
    await pointLatest(resolve(root), dir)
  } catch (error) {
    throw new UserError({
      code: 'run-folder-unwritable',
      message: `expected to make the run folder ${dir}, found: ${errorMessage(error)}`,
      hint: 'free some space, or name another place with --runs DIR',
      cause: error,
    })
  }
  return dir
}

/** Whole or not at all: a reader never sees half a file. */
export const writeJson = async (path: string, value: unknown): Promise<void> => {
  const scratch = `${path}.part`
  await writeFile(scratch, `${JSON.stringify(value, null, 2)}\n`)
  await rename(scratch, path)
}

/** A run folder that a person named: `runs/latest`, or one of its own. */
export const findRunFolder = async (path: string): Promise<string> => {
  const dir = resolve(path)
  const isRun = await stat(join(dir, 'run.json')).then(
    () => true,
    () => false,
  )
  if (isRun) return dir
  throw new UserError({
    code: 'not-a-run',
    message: `expected a run folder (with a run.json) at ${dir}, found none`,
    hint: 'name one such as runs/latest; `firedrill run` makes them',
    exitCode: EXIT.usage,
  })
}

/** With its parents. Not by `recursive`: Node.js spins for ever where a file system answers ENOENT to the leaf itself, as /proc does. */
export const makeFolder = async (dir: string): Promise<void> => {
  if (await isFolder(dir)) return
  await makeFolder(dirname(dir))
  try {
    await mkdir(dir)
  } catch (error) {
    // Another run may have made it meanwhile; a file of that name is in the way.
    if (!(await isFolder(dir))) throw error
  }
}

// --- Internal helpers ---

const isFolder = async (dir: string): Promise<boolean> => (await stat(dir).catch(() => null))?.isDirectory() === true

const pointLatest = async (root: string, dir: string): Promise<void> => {
  const scratch = join(root, '.latest')
  await rm(scratch, { force: true })
  await symlink(relative(root, dir), scratch)
  await rename(scratch, join(root, 'latest'))
}
