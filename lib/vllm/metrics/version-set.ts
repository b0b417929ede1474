import type { EngineConfig } from '../engine/types.ts'
import { engineFamilies, isMultiprocess, type VllmVersion } from './exposed.ts'
import type { Family } from './family.ts'
import { createMetricSet, type Distribution, type Labels, type SampleVisitor, type Scalar } from './metric-set.ts'

/** The engine's families of one version. What that version does not expose can be written all the same: it is forgotten. */
export interface VersionSet {
  /** Names without `vllm:`; the labels of the engine are added. */
  scalar(name: string, labels?: Labels): Scalar
  histogram(name: string, labels?: Labels): Distribution
  has(name: string): boolean
  /** Full names of all of them, but those that are there only once something happens to them. */
  readonly families: readonly string[]
  render(): string
  visit(visitor: SampleVisitor): void
}

export interface VersionSetOptions {
  modelName: string
  config: EngineConfig
  vllm: VllmVersion
  enforceEager: boolean
  /** Families that somebody reads, where not all of them: the others are left out as if this version had none such. */
  isRead?: (family: string) => boolean
  /** Seconds since the epoch. */
  now(): number
}

/** Families that are there as soon as something happens to them. */
const ON_DEMAND = ['vllm:sleep_mode_operation_duration_seconds', 'vllm:sleep_mode_operations_in_flight']

export const createVersionSet = (options: VersionSetOptions): VersionSet => {
  const { modelName, config, vllm, enforceEager, isRead = () => true, now } = options
  const exposed = familiesOf(vllm)
  const families = exposed.filter(({ name }) => isRead(name))
  const names = new Set(families.map(({ name }) => name))
  const server = { ...config, enforceEager }
  const set = createMetricSet({ families, server, created: !isMultiprocess(vllm.version), now })
  const base: Labels = { engine: '0', model_name: modelName }
  for (const family of families) {
    for (const labels of startLabels(family, base)) {
      if (family.type === 'histogram') set.distribution(family.name, labels)
      else set.scalar(family.name, labels)
    }
  }
  const has = (name: string): boolean => names.has(`vllm:${name}`)
  return {
    scalar: (name, labels) => (has(name) ? set.scalar(`vllm:${name}`, { ...base, ...labels }) : { value: 0 }),
    histogram: (name, labels) => (has(name) ? set.distribution(`vllm:${name}`, { ...base, ...labels }) : FORGOTTEN),
    has,
    families: exposed.map(({ name }) => name).filter((name) => !ON_DEMAND.includes(name)),
    render: set.render,
    visit: set.visit,
  }
}

// --- Internal helpers ---

const known = new Map<string, readonly Family[]>()

/** Made once: a simulation starts thousands of engines. */
const familiesOf = (vllm: VllmVersion): readonly Family[] => {
  const key = `${vllm.version} ${vllm.showHiddenFor ?? ''}`
  const families = known.get(key) ?? engineFamilies(vllm, ON_DEMAND)
  known.set(key, families)
  return families
}

const FORGOTTEN: Distribution = { observe: () => undefined, count: 0, sum: 0 }

/** Every set of labels that is there from the start; none where a label's values come with what happens. */
const startLabels = ({ labels, values = {} }: Family, base: Labels): Labels[] =>
  labels
    .filter((label) => base[label] === undefined)
    .reduce<Labels[]>(
      (sets, label) => sets.flatMap((set) => (values[label] ?? []).map((value) => ({ ...set, [label]: value }))),
      [base],
    )
