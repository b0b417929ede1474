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
      const child = distributions.get(key) ?? new Observations(family, labels, buckets, now())
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

interface Group {
  family: Family
  buckets: readonly number[]
  scalars: Map<string, ScalarChild>
  distributions: Map<string, Observations>
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

/** What stands in front of each number. */
interface Prefixes {
  buckets: readonly string[]
  count: string
  sum: string
}

/** A class, so that all of them are alike to the compiler: an object with getters of its own is of a kind of its own. */
class Observations implements Distribution {
  readonly createdAt: number
  count = 0
  sum = 0
  readonly #family: Family
  readonly #labels: Labels
  readonly #names: { bucket: string; count: string; sum: string }
  readonly #bounds: Float64Array
  readonly #counts: Float64Array
  readonly #bucketLabels: readonly (Labels & { le: string })[]
  /** Made when the text is first asked for: a simulation never does. */
  #prefixes: Prefixes | null = null

  constructor(family: Family, given: Labels, buckets: readonly number[], createdAt: number) {
    const { name, type } = family
    const labels = ownLabels(family, given)
    this.createdAt = createdAt
    this.#family = family
    this.#labels = labels
    this.#names = { bucket: `${name}_bucket`, count: `${name}_count`, sum: `${name}_sum` }
    this.#bounds = Float64Array.of(...buckets, Number.POSITIVE_INFINITY)
    this.#counts = new Float64Array(this.#bounds.length)
    this.#bucketLabels =
      type === 'histogram' ? Array.from(this.#bounds, (le) => ({ ...labels, le: numberText(le) })) : []
  }

  observe(value: number, times = 1): void {
    const bounds = this.#bounds
    const counts = this.#counts
    let bucket = 0
    while (value > (bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket++
    counts[bucket] = (counts[bucket] ?? 0) + times
    this.sum += value * times
    this.count += times
  }

  render(parts: string[]): void {
    const { buckets, count, sum } = (this.#prefixes ??= this.#makePrefixes())
    let cumulative = 0
    for (let bucket = 0; bucket < buckets.length; bucket++) {
      cumulative += this.#counts[bucket] ?? 0
      parts.push(buckets[bucket] ?? '', numberText(cumulative), '\n')
    }
    parts.push(count, numberText(this.count), '\n', sum, numberText(this.sum), '\n')
  }

  visit(visitor: SampleVisitor): void {
    const counts = this.#counts
    const { bucket: name, count, sum } = this.#names
    let cumulative = 0
    let bucket = 0
    for (const labels of this.#bucketLabels) {
      cumulative += counts[bucket++] ?? 0
      visitor(name, labels, cumulative)
    }
    visitor(count, this.#labels, this.count)
    visitor(sum, this.#labels, this.sum)
  }

  #makePrefixes(): Prefixes {
    const { bucket, count, sum } = this.#names
    const text = (le?: string): string => labelText(this.#family, this.#labels, le)
    return {
      buckets: this.#bucketLabels.map(({ le }) => `${bucket}${text(le)} `),
      count: `${count}${text()} `,
      sum: `${sum}${text()} `,
    }
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
