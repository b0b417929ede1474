import { requestTokenBuckets } from './buckets.ts'
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
}

export interface MetricSetOptions {
  families: readonly Family[]
  /** The context length, for `request-tokens` buckets. */
  maxModelLen: number
  /** Seconds since the epoch, for the `_created` gauges. */
  now(): number
}

/** prometheus_client's text format 0.0.4, its `_created` gauges included, which prom-client cannot produce. */
export const createMetricSet = ({ families, maxModelLen, now }: MetricSetOptions): MetricSet => {
  const groups = new Map<string, Group>(families.map((family) => [family.name, newGroup(family, maxModelLen)]))
  const group = (name: string): Group => {
    const found = groups.get(name)
    if (found === undefined) throw new Error(`no metric family ${name}`)
    return found
  }
  return {
    scalar: (name, labels) => {
      const { family, scalars } = group(name)
      const key = labelText(family, labels)
      const child = scalars.get(key) ?? { prefix: `${name}${key} `, value: 0, createdAt: now() }
      scalars.set(key, child)
      return child
    },
    distribution: (name, labels) => {
      const { family, distributions, buckets } = group(name)
      const key = labelText(family, labels)
      const child = distributions.get(key) ?? newDistribution(family, labels, buckets, now())
      distributions.set(key, child)
      return child
    },
    render: () => {
      const parts: string[] = []
      for (const entry of groups.values()) renderGroup(entry, parts)
      return parts.join('')
    },
  }
}

// --- Internal helpers ---

interface ScalarChild extends Scalar {
  prefix: string
  createdAt: number
}

interface DistributionChild extends Distribution {
  createdAt: number
  render(parts: string[]): void
}

interface Group {
  family: Family
  buckets: readonly number[]
  scalars: Map<string, ScalarChild>
  distributions: Map<string, DistributionChild>
}

const newGroup = (family: Family, maxModelLen: number): Group => ({
  family,
  buckets: family.buckets === 'request-tokens' ? requestTokenBuckets(maxModelLen) : (family.buckets ?? []),
  scalars: new Map(),
  distributions: new Map(),
})

const escape = (value: string): string =>
  value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('"', String.raw`\"`)

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
  labels: Labels,
  buckets: readonly number[],
  createdAt: number,
): DistributionChild => {
  const counts = new Float64Array(buckets.length + 1)
  const bounds = [...buckets, Number.POSITIVE_INFINITY]
  const prefixes = bounds.map((le) => `${family.name}_bucket${labelText(family, labels, numberText(le))} `)
  const suffix = labelText(family, labels)
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
      while (value > (buckets[bucket] ?? Number.POSITIVE_INFINITY)) bucket++
      counts[bucket] = (counts[bucket] ?? 0) + times
      sum += value * times
      count += times
    },
    render: (parts) => {
      if (family.type === 'histogram') {
        let cumulative = 0
        for (let bucket = 0; bucket < prefixes.length; bucket++) {
          cumulative += counts[bucket] ?? 0
          parts.push(prefixes[bucket] ?? '', numberText(cumulative), '\n')
        }
      }
      parts.push(`${family.name}_count${suffix} ${numberText(count)}\n`)
      parts.push(`${family.name}_sum${suffix} ${numberText(sum)}\n`)
    },
  }
}

const renderGroup = ({ family, scalars, distributions }: Group, parts: string[]): void => {
  if (scalars.size === 0 && distributions.size === 0) return
  const { name, type, help } = family
  parts.push(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`)
  for (const { prefix, value } of scalars.values()) parts.push(prefix, numberText(value), '\n')
  for (const child of distributions.values()) child.render(parts)
  // The process collector's counters are made at each scrape and have no creation time.
  if (type === 'gauge' || name.startsWith('process_')) return
  const created = `${type === 'counter' ? name.replace(/_total$/, '') : name}_created`
  parts.push(`# HELP ${created} ${help}\n# TYPE ${created} gauge\n`)
  for (const [labels, { createdAt }] of [...scalars, ...distributions]) {
    parts.push(`${created}${labels} ${numberText(createdAt)}\n`)
  }
}
