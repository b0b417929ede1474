import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin, version } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const KEPT_MS = 7 * 24 * 60 * 60_000

/** Paths of the bundled programs by name: each folder of stack/apps, `node-agent` and `supervisor`. */
export type Bundles = Record<string, string>

/**
 * Bundles each program of the embedded cluster into one file: it starts faster and takes less memory than its sources.
 * Kept in `cacheDir` under the hash of everything that goes in, so that unchanged sources are not bundled again.
 */
export const bundlePrograms = async (cacheDir: string): Promise<Bundles> => {
  const entries = await entryPoints()
  const directory = join(cacheDir, await sourcesHash(entries))
  if (existsSync(directory)) {
    const now = new Date()
    // The mark of use that keeps it from being pruned.
    await utimes(directory, now, now)
  } else {
    await bundle(entries, directory)
    await prune(cacheDir)
  }
  return Object.fromEntries(Object.keys(entries).map((name) => [name, join(directory, `${name}.mjs`)]))
}

// --- Internal helpers ---

const entryPoints = async (): Promise<Record<string, string>> => {
  const folders = await readdir(join(ROOT, 'stack/apps'), { withFileTypes: true })
  const apps = folders.filter((folder) => folder.isDirectory()).map(({ name }) => [name, `stack/apps/${name}/main.ts`])
  const programs = [
    ...apps,
    ['node-agent', 'lib/cluster/node/main.ts'],
    ['supervisor', 'lib/cluster/supervisor/main.ts'],
  ]
  return Object.fromEntries(programs.filter(([, path = '']) => existsSync(join(ROOT, path))))
}

/** Of all that programs may import: our own sources, and the lock file in the place of the dependencies. */
const sourcesHash = async (entries: Record<string, string>): Promise<string> => {
  const hash = createHash('sha256').update(JSON.stringify([version, entries, OPTIONS]))
  const folders = await Promise.all(['lib', 'stack/apps'].map((folder) => sources(join(ROOT, folder))))
  const files = [join(ROOT, 'package-lock.json'), fileURLToPath(import.meta.url), ...folders.flat().sort()]
  const contents = await Promise.all(files.map((file) => readFile(file)))
  for (const [index, content] of contents.entries()) hash.update(`${files[index]}\0${content.length}\0`).update(content)
  return hash.digest('hex').slice(0, 16)
}

const sources = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /\.(ts|mjs|json)$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}

const OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  splitting: true,
  legalComments: 'none',
  // V8 keeps the source of a running program. Names stay, and lines that an error message can show.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  outExtension: { '.js': '.mjs' },
  mainFields: ['module', 'main'],
  // CommonJS dependencies keep calling require for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
} as const

/**
 * Leaves out what no program uses, where esbuild cannot know: a third of the memory of a program that does little.
 * The Kubernetes client does not say that it has no side effects, and its generated API is 6 MB. zod carries its messages in
 * all languages. And an `import` of node:http, unlike `require`, reads all its exports, which loads Node's WebSocket and fetch.
 */
const leaner: Plugin = {
  name: 'leaner',
  setup: ({ onResolve, onLoad, resolve: find }) => {
    onResolve({ filter: /^@kubernetes\/client-node$/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (pluginData === leaner) return undefined
      return { ...(await find(path, { kind, resolveDir, pluginData: leaner })), sideEffects: false }
    })
    onResolve({ filter: /^\..*\.js$/ }, ({ path, importer, resolveDir }) =>
      importer.includes('/node_modules/@kubernetes/client-node/')
        ? { path: resolve(resolveDir, path), sideEffects: false }
        : undefined,
    )
    onResolve({ filter: /\/locales\/index\.js$/ }, ({ importer, path, resolveDir }) =>
      importer.includes('/node_modules/zod/') ? { path: resolve(resolveDir, path, '../en.js') } : undefined,
    )
    onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'http', namespace: 'required' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require('node:${path}')`,
    }))
  },
}

/** Into a folder of its own first: two runs at once must not see each other's half. */
const bundle = async (entries: Record<string, string>, directory: string): Promise<void> => {
  await mkdir(dirname(directory), { recursive: true })
  const temporary = await mkdtemp(`${directory}-`)
  try {
    const { banner, mainFields, ...options } = OPTIONS
    await build({
      ...options,
      plugins: [leaner],
      banner: { ...banner },
      mainFields: [...mainFields],
      absWorkingDir: ROOT,
      entryPoints: entries,
      outdir: temporary,
      logLevel: 'silent',
    })
    await rename(temporary, directory)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    if (!existsSync(directory)) throw error
  }
}

const prune = async (cacheDir: string): Promise<void> => {
  const oldest = Date.now() - KEPT_MS
  const names = await readdir(cacheDir)
  const ages = await Promise.all(names.map((name) => stat(join(cacheDir, name)).catch(() => null)))
  const old = names.filter((_, index) => (ages[index]?.mtimeMs ?? Infinity) < oldest)
  await Promise.all(old.map((name) => rm(join(cacheDir, name), { recursive: true, force: true })))
}
