import { Document, isMap, isScalar, isSeq, parseAllDocuments, YAMLSeq, type YAMLMap } from 'yaml'
import { divideDuration, divideDurations } from './scale.ts'

/**
 * A Prometheus rule file out of what people keep rules in: a rule file, or PrometheusRule manifests
 * (monitoring.coreos.com/v1, several documents or a List). Every `for`, `keep_firing_for`, group interval and query
 * offset, and every duration in an expression is divided by `factor`; nothing else changes. Throws a YAMLParseError
 * where the text is not YAML, and an Error that says what is missing where it is not rules.
 */
export const toRuleFile = (text: string, factor = 1): string => {
  const documents = parseAllDocuments(text)
  if (!Array.isArray(documents)) throw new Error('expected YAML, found nothing')
  for (const { errors } of documents) if (errors[0] !== undefined) throw errors[0]
  const groups = new YAMLSeq()
  for (const document of documents) groups.items.push(...groupsOf(document.contents))
  for (const group of groups.items) if (isMap(group)) scaleGroup(group, factor)
  const file = new Document()
  file.contents = file.createNode({ groups: [] })
  file.set('groups', groups)
  return file.toString({ lineWidth: 0 })
}

/** Alerts of a rule file with their labels and annotations, for lists and checks that need no Prometheus. */
export const alertsIn = (ruleFile: string): { alert: string; expr: string; for: string; group: string }[] =>
  parseAllDocuments(ruleFile).flatMap((document) =>
    groupsOf(document.contents)
      .filter(isMap)
      .flatMap((group) =>
        rulesOf(group)
          .filter((rule) => rule.has('alert'))
          .map((rule) => ({
            alert: String(rule.get('alert')),
            expr: String(rule.get('expr')),
            for: String(rule.get('for') ?? '0s'),
            group: String(group.get('name')),
          })),
      ),
  )

// --- Internal helpers ---

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
