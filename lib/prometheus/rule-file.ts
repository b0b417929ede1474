import { Document, isMap, isScalar, isSeq, parse, parseAllDocuments, type YAMLMap, YAMLSeq } from 'yaml'
import { z } from 'zod'
import { divideDuration, divideDurations } from './scale.ts'

/**
 * A Prometheus rule file out of what people keep rules in: a rule file, or PrometheusRule manifests
 * (monitoring.coreos.com/v1, several documents or a List). Every `for`, `keep_firing_for`, group interval and query
 * offset, and every duration in an expression is divided by `factor`; nothing else changes. Throws a YAMLParseError
 * where the text is not YAML, and an Error that says what is missing where it is not rules.
 */
export const toRuleFile = (text: string, factor = 1): string => {
  const documents = parseAllDocuments(text)
  if ('empty' in documents) throw new Error('expected a rule file (groups:) or a PrometheusRule, found nothing')
  for (const { errors } of documents) if (errors[0] !== undefined) throw errors[0]
  const groups = new YAMLSeq()
  for (const document of documents) groups.items.push(...groupsOf(document.contents))
  for (const group of groups.items) if (isMap(group)) scaleGroup(group, factor)
  const file = new Document()
  file.contents = file.createNode({ groups: [] })
  file.set('groups', groups)
  return file.toString({ lineWidth: 0 })
}

/** One alerting rule as it is written. */
export interface WrittenAlert {
  alert: string
  group: string
  expr: string
  /** A Prometheus duration. */
  for: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

/** The alerts of a rule file or manifest, for lists and checks that need no Prometheus. */
export const alertsIn = (text: string): WrittenAlert[] =>
  Groups.parse(parse(toRuleFile(text))).groups.flatMap(({ name: group, rules }) =>
    rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert, group }])),
  )

// --- Internal helpers ---

const Groups = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.object({
          alert: z.string().optional(),
          expr: z.coerce.string(),
          for: z.string().default('0s'),
          labels: z.record(z.string(), z.coerce.string()).default({}),
          annotations: z.record(z.string(), z.coerce.string()).default({}),
        }),
      ),
    }),
  ),
})

const groupsOf = (node: unknown): unknown[] => {
  if (!isMap(node)) throw new Error('expected a rule file (groups:) or a PrometheusRule, found no mapping')
  const kind = node.get('kind')
  const items = node.get('items')
  if (kind !== undefined && isSeq(items)) return items.items.flatMap(groupsOf)
  const spec = node.get('spec')
  const groups = isMap(spec) ? spec.get('groups') : node.get('groups')
  if (isSeq(groups)) return groups.items
  throw new Error(
    `expected a rule file (groups:) or a PrometheusRule, found ${kind === undefined ? 'no groups' : `kind ${String(kind)}`}`,
  )
}

const rulesOf = (group: YAMLMap): YAMLMap[] => {
  const rules = group.get('rules')
  return isSeq(rules) ? rules.items.filter(isMap) : []
}

const scaleGroup = (group: YAMLMap, factor: number): void => {
  for (const key of ['interval', 'query_offset']) change(group, key, (text) => divideDuration(text, factor))
  for (const rule of rulesOf(group)) {
    for (const key of ['for', 'keep_firing_for']) change(rule, key, (text) => divideDuration(text, factor))
    change(rule, 'expr', (text) => divideDurations(text, factor))
  }
}

/** In place, so that comments and the style of the text stay. */
const change = (map: YAMLMap, key: string, edit: (text: string) => string): void => {
  const node = map.get(key, true)
  if (isScalar(node) && typeof node.value === 'string') node.value = edit(node.value)
}
