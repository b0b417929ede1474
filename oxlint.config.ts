import { defineConfig, type OxlintOverride } from 'oxlint'

/** Who may import whom (docs/architecture.md): each folder its own files, and what stands here. Nothing else. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'lib/core': [],
  'lib/vllm': ['core'],
  'lib/kube': ['core'],
  'lib/prometheus': ['core'],
  'lib/parquet': ['core'],
  'lib/toolchain': ['core'],
  'lib/k6': ['core', 'parquet'],
  'lib/cluster': ['core', 'kube'],
  stack: ['core', 'kube', 'cluster'],
  'stack/apps': ['core', 'kube', 'vllm'],
  chaos: ['core', 'kube', 'prometheus'],
  'lib/run': ['core', 'kube', 'prometheus', 'parquet', 'k6', 'chaos'],
  'lib/simulate': ['core', 'vllm', 'prometheus', 'parquet', 'k6', 'cluster', 'stack', 'chaos', 'run'],
  reports: ['core', 'parquet'],
  scenarios: ['core'],
}

/** Libraries that one folder stands in front of. */
const BEHIND: Record<string, readonly string[]> = {
  'lib/kube': ['@kubernetes/client-node'],
  'lib/parquet': ['hyparquet', 'hyparquet-writer'],
  'lib/prometheus': ['@prometheus-io/lezer-promql', '@lezer/common'],
  'lib/k6': ['k6', 'k6/**'],
}

/** What is pure has no way to reach files, processes or the network. */
const PURE = new Set(['lib/core', 'lib/vllm', 'scenarios'])
const EFFECTS = ['node:fs', 'node:fs/**', 'node:child_process', 'node:net', 'node:http', 'node:https', 'execa']

const nameOf = (folder: string): string => folder.replace('lib/', '')
const FOLDERS = [...Object.keys(MAY_IMPORT), 'lib/cli'].filter((folder) => folder !== 'stack/apps').map(nameOf)

interface Pattern {
  group: string[]
  message: string
}

const forbidden = (folder: string, more: readonly Pattern[] = []): Pattern[] => {
  const own = new Set([
    nameOf(folder),
    ...(MAY_IMPORT[folder] ?? FOLDERS),
    ...(folder === 'stack/apps' ? ['stack'] : []),
  ])
  const folders = FOLDERS.flatMap((name) =>
    own.has(name) ? [] : [`../${name}/**`, `**/../${name}/**`, `**/lib/${name}/**`],
  )
  const libraries = Object.entries(BEHIND).flatMap(([home, names]) => (home === folder ? [] : names))
  return [
    { group: folders, message: 'imports point one way: docs/architecture.md says which' },
    { group: [...libraries], message: 'one folder of lib/ stands in front of this library: use that' },
    ...(folder === 'lib/cli'
      ? []
      : [
          {
            group: ['process', 'node:process'],
            message: 'take it as an argument: only lib/cli and main.ts know the process',
          },
        ]),
    ...(PURE.has(folder) ? [{ group: [...EFFECTS], message: 'this folder is pure: effects are at the edge' }] : []),
    ...more,
  ].filter(({ group }) => group.length > 0)
}

const imports = (files: string[], folder: string, more?: readonly Pattern[]): OxlintOverride => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: forbidden(folder, more) }] },
})

/** Programs of their own, and the two places that have to know what a process is. */
const KNOWS_THE_PROCESS = [
  '**/main.ts',
  'lib/cli/**',
  'lib/cluster/{launch,reap}.ts',
  'scripts/**',
  'tests/**',
  '**/*.test.ts',
  '*.config.ts',
]

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'import', 'oxc'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  rules: {
    'max-lines': ['error', { max: 400 }],
    'no-console': 'error',
    'no-restricted-globals': ['error', 'process'],
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'import/no-cycle': 'error',
    'unicorn/filename-case': ['error', { case: 'kebabCase' }],
    'no-await-in-loop': 'off',
    'no-underscore-dangle': 'off',
    'oxc/no-map-spread': 'off',
    'unicorn/no-array-sort': 'off',
    // Of windows; threads have no origin.
    'unicorn/require-post-message-target-origin': 'off',
    'unicorn/consistent-function-scoping': 'off',
  },
  overrides: [
    ...Object.keys(MAY_IMPORT).map((folder) => imports([`${folder}/**`], folder)),
    imports(['lib/cli/**'], 'lib/cli'),
    imports(['chaos/faults/*.ts'], 'chaos', [
      { group: ['./*.ts'], message: 'a fault stands alone: what two share belongs into lib/core' },
    ]),
    { files: KNOWS_THE_PROCESS, rules: { 'no-restricted-globals': 'off' } },
    {
      files: ['**/main.ts', 'lib/cluster/{launch,reap}.ts', '**/*.test.ts', '**/testing/**', '**/fixtures/**'],
      rules: { 'no-restricted-imports': 'off' },
    },
    { files: ['scripts/**', '**/*.test.ts'], rules: { 'no-console': 'off' } },
  ],
  ignorePatterns: ['node_modules', 'runs', '**/*.gen.*'],
})
