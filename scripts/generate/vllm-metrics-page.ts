import type { BucketSeries } from '../../lib/vllm/metrics/buckets.ts'
import type { Change, FamilyRecord } from '../../lib/vllm/metrics/family.ts'
import { addedIn, standing } from '../../lib/vllm/metrics/history.ts'
import { compareVersions, FIRST_VERSION, LAST_VERSION, V1_DEFAULT } from '../../lib/vllm/metrics/version.ts'

/** docs/vllm-metrics.md: which vLLM has which metric, under which name, with which labels and buckets. */
export const vllmMetricsPage = (records: readonly FamilyRecord[]): string =>
  [
    '# vLLM’s metrics by version',
    '',
    `What vLLM ${FIRST_VERSION} to ${LAST_VERSION} exposes, from the tables in \`lib/vllm/metrics/families/\`. They were read in the source of each`,
    'release; a version with ~ was not: vLLM 0.15 published no source distribution, so it follows from the date of the change.',
    `Versions before ${V1_DEFAULT} run the old engine, later ones V1. A family that is hidden comes back with`,
    '`--show-hidden-metrics-for-version` of exactly the minor version before the running one. The emulator is any of them:',
    '`--vllm-version 0.10.2`, or `VLLM_EMULATOR_VERSION`.',
    '',
    'Labels are `model_name`, from 0.8.3 on also `engine`, and those named below. Counters end in `_total` on the page, also where',
    'vLLM’s code and documentation leave that out. Names ending in `_perc` are fractions of 1. Series that end in `_created` exist',
    'under V1 only, `http_*` families from 0.8.3 on.',
    '',
    '## Deprecated, hidden, removed',
    '',
    '| family | deprecated | hidden | removed | now |',
    '| --- | --- | --- | --- | --- |',
    ...records.filter(isLegacy).toSorted(byRemoval).map(legacyRow),
    '',
    '## Same name, other meaning or buckets',
    '',
    '| family | since | what changed |',
    '| --- | --- | --- |',
    ...records.flatMap(changeRows),
    ...MEANINGS.map(row),
    '',
    `## What ${LAST_VERSION} has`,
    '',
    '| family | type | unit | further labels | since | needs |',
    '| --- | --- | --- | --- | --- | --- |',
    ...records.filter((record) => stateNow(record) === 'current').map(currentRow),
    '',
  ].join('\n')

// --- Internal helpers ---

/** Where the value differs, but not the declaration (lib/vllm/metrics/value-rules.ts). */
const MEANINGS = [
  [
    '`vllm:gpu_cache_usage_perc`, `vllm:kv_cache_usage_perc`',
    '0.10.2',
    'the null block is no longer counted: idle is 0, not 1/N',
  ],
  ['`vllm:iteration_tokens_total`', '0.23.0', 'prompt tokens from the prefix cache are no longer counted'],
  ['all families', '0.8.3', 'the label `engine`'],
]

const stateNow = (record: FamilyRecord): string | null => standing(record, LAST_VERSION, 'v1')?.state ?? null

const isLegacy = (record: FamilyRecord): boolean => stateNow(record) !== 'current'

const changesOf = ({ v0 = [], v1 = [] }: FamilyRecord): readonly Change[] => (v1.length > 0 ? v1 : v0)

const shown = ({ since, source }: Change): string => `${since}${source ?? ''}`

const at = (record: FamilyRecord, state: Change['state']): string => {
  const change = changesOf(record).find((candidate) => candidate.state === state)
  return change === undefined ? '' : shown(change)
}

const removal = (record: FamilyRecord): string => standing(record, LAST_VERSION, 'v1')?.removedIn ?? LAST_VERSION

const byRemoval = (a: FamilyRecord, b: FamilyRecord): number =>
  compareVersions(removal(b), removal(a)) || (a.name < b.name ? -1 : 1)

const legacyRow = (record: FamilyRecord): string => {
  const removed = at(record, 'removed')
  const gone = removal(record)
  // A family of the old engine alone goes with it, whatever that engine did later.
  const withEngine = record.v1 === undefined && gone === V1_DEFAULT && removed !== V1_DEFAULT
  return row([
    code(record.name),
    at(record, 'deprecated'),
    at(record, 'hidden'),
    stateNow(record) === 'removed' ? (withEngine ? `${V1_DEFAULT} (old engine: ${removed})` : removed) : '',
    record.use === undefined ? '' : code(record.use),
  ])
}

const changeRows = (record: FamilyRecord): string[] =>
  [
    ...(record.v0 ?? []).filter(({ since }) => compareVersions(since, V1_DEFAULT) < 0).slice(1),
    ...(record.v1 ?? []).slice(1),
  ].flatMap((change) => {
    const { unit, buckets, values } = change
    const what = [
      ...(unit === undefined ? [] : [`counts ${unit}`]),
      ...(buckets === undefined ? [] : [`buckets ${bucketText(buckets)}`]),
      ...Object.entries(values ?? {}).map(([label, all]) => `\`${label}\` is one of ${all.join(', ')}`),
    ]
    return what.length === 0 ? [] : [row([code(record.name), shown(change), what.join('; ')])]
  })

const CACHE_CONFIG = 'vllm:cache_config_info'

const RULES = {
  'request-tokens': '1-2-5 per decade up to the context length',
  'cudagraph-v0': 'the batch sizes captured as CUDA graphs',
  'cudagraph-v1': 'the batch sizes captured as CUDA graphs, up to 512',
}

const bucketText = (buckets: BucketSeries): string =>
  typeof buckets === 'string' ? RULES[buckets] : `${buckets.at(0)} to ${buckets.at(-1)} (${buckets.length})`

const currentRow = (record: FamilyRecord): string => {
  const first = [...(record.v0 ?? []), ...(record.v1 ?? [])].find(({ since }) => since === addedIn(record))
  const { labels = [], ownLabels = false } = record
  const further = labels.map(code).join(', ')
  return row([
    code(record.name),
    record.type,
    record.unit,
    record.name === CACHE_CONFIG
      ? 'the fields of CacheConfig'
      : ownLabels
        ? labels.length === 0
          ? 'none at all'
          : `only ${further}`
        : further,
    first === undefined ? '' : shown(first),
    record.requires ?? '',
  ])
}

const code = (text: string): string => `\`${text}\``

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
