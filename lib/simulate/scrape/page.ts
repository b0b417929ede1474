import type { SampleVisitor } from '../../vllm/metrics/metric-set.ts'

export type { Labels, SampleVisitor } from '../../vllm/metrics/metric-set.ts'

/** What a target would answer to a scrape, as numbers. A sample's labels are the same object at every visit. */
export interface Page {
  visit(visitor: SampleVisitor): void
  /** Names of the families that it describes, also of those without a sample now. */
  families: readonly string[]
}

/** Something that Prometheus scrapes. */
export interface Target {
  job: string
  /** Put on every sample: `namespace`, `pod`, `node`, `instance` as the scrape configuration makes them. */
  labels: Readonly<Record<string, string>>
  /** The page's own labels win over those, as with `honor_labels`. */
  honorLabels: boolean
  /** Null where nobody answers: the scrape fails. */
  page(): Page | null
}
