import { bucketBounds, type BucketContext } from './buckets.ts'
import type { Family } from './family.ts'
import { numberText } from './number-text.ts'

export type Labels = Readonly<Record<string, string>>

/** A counter or gauge; write `value`. */
export interface Scalar {
  value: number
}

export interface Distribution {
  /** Counts `times` equal observations at once. */
  observe(value: number, times?: number): void
  readonly count: number
  readonly sum: number
}

export interface MetricSet {
  /** The child of a counter or gauge with these labels, created at the first call. */
  scalar(name: string, labels: Labels): Scalar
  /** The child of a histogram, or of a summary (count and sum only). */
  distribution(name: string, labels: Labels): Distribution
  /** The exposition text of all children, families in their order; those without children are left out. */
  render(): string
  /** The same samples as numbers, `_created` left out. A sample's labels are the same object at every call. */
  visit(visitor: SampleVisitor): void
  /** Names of all families, also of those without a child. */
  readonly families: readonly string[]
}

export type SampleVisitor = (name: string, labels: Labels, value: number) => void

export interface MetricSetOptions {
  families: readonly Family[]
  /** For buckets that follow from the server's configuration. */
  server?: BucketContext
  /** Whether counters and histograms have their `_created` gauges; true where left out. */
  created?: boolean
  /** Seconds since the epoch, for the `_created` gauges. */
  now(): number
}

/** prometheus_client's text format 0.0.4, its `_created` gauges included, which prom-client cannot produce. */
export const createMetricSet = ({ families, server, created = true, now }: MetricSetOptions): MetricSet => {
  const groups = new Map<string, Group>(families.map((family) => [family.name, newGroup(family, server)]))
  const group = (name: string): Group => {
    const found = groups.get(name)
    if (found === undefined) throw new Error(`no metric family ${name}`)
    return found
  }
  return {
    scalar: (name, labels) => {
      const { family, scalars } = group(name)
      const key = labelText(family, labels)
      const child = scalars.get(key) ?? newScalar(family, labels, key, now())
      scalars.set(key, child)
      return child
    },
    distribution: (name, labels) => {
      const { family, distributions, buckets } = group(name)
      const key = labelText(family, labels)
      const child = distributions.get(key) ?? newDistribution(family, labels, key, buckets, now())
      distributions.set(key, child)
      return child
    },
    render: () => {
      const parts: string[] = []
      for (const entry of groups.values()) renderGroup(entry, created, parts)
      return parts.join('')
    },
    families: families.map(({ name }) => name),
    visit: (visitor) => {
      for (const { family, scalars, distributions } of groups.values()) {
        for (const { labels, value } of scalars.values()) visitor(family.name, labels, value)
        for (const child of distributions.values()) child.visit(visitor)
      }
    },
  }
}

// --- Internal helpers ---

interface ScalarChild extends Scalar {
  prefix: string
  labels: Labels
  createdAt: number
}

interface DistributionChild extends Distribution {
  createdAt: number
  render(parts: string[]): void
  visit(visitor: SampleVisitor): void
}

interface Group {
  family: Family
  buckets: readonly number[]
  scalars: Map<string, ScalarChild>
  distributions: Map<string, DistributionChild>
}

const newGroup = (family: Family, server: BucketContext | undefined): Group => ({
  family,
  buckets: bucketBounds(family.buckets ?? [], server),
  scalars: new Map(),
  distributions: new Map(),
})

/** The family's labels alone, in its order: callers may hand more. */
const ownLabels = ({ labels: names }: Family, labels: Labels): Labels =>
  Object.fromEntries(names.map((name) => [name, labels[name] ?? '']))

const newScalar = (family: Family, labels: Labels, key: string, createdAt: number): ScalarChild => ({
  prefix: `${family.name}${key} `,
  labels: ownLabels(family, labels),
  value: 0,
  createdAt,
})

const ESCAPED: Readonly<Record<string, string>> = {
  '\\': String.raw`\\`,
  '\n': String.raw`\n`,
  '"': String.raw`\"`,
}

const escape = (value: string): string => value.replaceAll(/[\\\n"]/g, (character) => ESCAPED[character] ?? '')

const labelText = ({ name, labels: names }: Family, labels: Labels, le?: string): string => {
  const all = le === undefined ? names : [...names, 'le'].sort()
  if (all.length === 0) return ''
  const pairs = all.map((label) => {
    const value = label === 'le' && le !== undefined ? le : labels[label]
    if (value === undefined) throw new Error(`${name} needs the label ${label}`)
    return `${label}="${escape(value)}"`
  })
  return `{${pairs.join(',')}}`
}

const newDistribution = (
  family: Family,
  given: Labels,
  suffix: string,
  buckets: readonly number[],
  createdAt: number,
): DistributionChild => {
  const labels = ownLabels(family, given)
  const bounds = Float64Array.of(...buckets, Number.POSITIVE_INFINITY)
  const counts = new Float64Array(bounds.length)
  const names = { bucket: `${family.name}_bucket`, count: `${family.name}_count`, sum: `${family.name}_sum` }
  const bucketLabels = Array.from(bounds, (le) => ({ ...labels, le: numberText(le) }))
  /** Made when the text is first asked for: a simulation never does. */
  let prefixes: readonly string[] | null = null
  let sum = 0
  let count = 0
  return {
    createdAt,
    get count() {
      return count
    },
    get sum() {
      return sum
    },
    observe: (value, times = 1) => {
      let bucket = 0
      while (value > (bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket++
      counts[bucket] = (counts[bucket] ?? 0) + times
      sum += value * times
      count += times
    },
    render: (parts) => {
      if (family.type === 'histogram') {
        prefixes ??= bucketLabels.map(({ le }) => `${names.bucket}${labelText(family, labels, le)} `)
        let cumulative = 0
        for (let bucket = 0; bucket < prefixes.length; bucket++) {
          cumulative += counts[bucket] ?? 0
          parts.push(prefixes[bucket] ?? '', numberText(cumulative), '\n')
        }
      }
      parts.push(`${names.count}${suffix} ${numberText(count)}\n`)
      parts.push(`${names.sum}${suffix} ${numberText(sum)}\n`)
    },
    visit: (visitor) => {
      if (family.type === 'histogram') {
        let cumulative = 0
        for (let bucket = 0; bucket < bucketLabels.length; bucket++) {
          cumulative += counts[bucket] ?? 0
          visitor(names.bucket, bucketLabels[bucket] ?? labels, cumulative)
        }
      }
      visitor(names.count, labels, count)
      visitor(names.sum, labels, sum)
    },
  }
}

const renderGroup = ({ family, scalars, distributions }: Group, withCreated: boolean, parts: string[]): void => {
  if (scalars.size === 0 && distributions.size === 0) return
  const { name, type, help } = family
  parts.push(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`)
  for (const { prefix, value } of scalars.values()) parts.push(prefix, numberText(value), '\n')
  for (const child of distributions.values()) child.render(parts)
  // The process collector's counters are made at each scrape and have no creation time.
  if (!withCreated || type === 'gauge' || name.startsWith('process_')) return
  const created = `${type === 'counter' ? name.replace(/_total$/, '') : name}_created`
  parts.push(`# HELP ${created} ${help}\n# TYPE ${created} gauge\n`)
  for (const [labels, { createdAt }] of [...scalars, ...distributions]) {
    parts.push(`${created}${labels} ${numberText(createdAt)}\n`)
  }
}
