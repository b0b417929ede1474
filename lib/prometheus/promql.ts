import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { parsePromDuration } from './duration.ts'

/** What an expression reads, as its syntax tree says. */
export interface Reading {
  /** Metric names, sorted, without those inside `absent()` and `absent_over_time()`: for these, nothing is the good case. */
  metrics: string[]
  /** All metric names, those inside `absent()` too. */
  allMetrics: string[]
  /**
   * The widest window that ends now, in milliseconds, nested ranges added up; 0 where there is none. What has an offset
   * is what the present is compared with, and counts only where all have one.
   */
  windowMs: number
}

/** A duration that stands as such in the text of an expression: a range, a subquery's range or step, an offset. */
export interface DurationSpan {
  from: number
  to: number
  /** False where it is arithmetic (`[5m * 2]`). */
  literal: boolean
}

/** Reads an expression's syntax tree; text that is not PromQL gives what can be read of it. */
export const readExpression = (expr: string): Reading => {
  const allMetrics = new Set<string>()
  const metrics = new Set<string>()
  for (const { name, inAbsent } of metricNames(expr)) {
    allMetrics.add(name)
    if (!inAbsent) metrics.add(name)
  }
  return { metrics: [...metrics].sort(), allMetrics: [...allMetrics].sort(), windowMs: widestWindow(expr) }
}

/** Every duration of an expression, in the order of the text. Numbers elsewhere are not durations, not even `> 1m`. */
export const durationSpans = (expr: string): DurationSpan[] => {
  const spans: DurationSpan[] = []
  parser.parse(expr).iterate({
    enter: ({ node }) => {
      if (!DURATION_NODES.has(node.name)) return true
      const inner = innermost(node)
      const literal = inner.name === LITERAL
      spans.push({ from: literal ? inner.from : node.from, to: literal ? inner.to : node.to, literal })
      return false
    },
  })
  return spans
}

/** Names of the functions that an expression calls, sorted. */
export const functionsIn = (expr: string): string[] => {
  const names = new Set<string>()
  parser.parse(expr).iterate({
    enter: ({ name, from, to }) => {
      if (name === 'FunctionIdentifier') names.add(expr.slice(from, to))
    },
  })
  return [...names].sort()
}

// --- Internal helpers ---

const LITERAL = 'NumberDurationLiteralInDurationContext'
const DURATION_NODES = new Set(['DurationExpr', 'OffsetDurationExpr'])
const RANGE_NODES = new Set(['MatrixSelector', 'SubqueryExpr'])
const ABSENT = new Set(['absent', 'absent_over_time'])

/** Through signs and wrappers (`-5m`) down to the literal, or to arithmetic. */
const innermost = (node: SyntaxNode): SyntaxNode => {
  const child = node.lastChild
  const wrapper = DURATION_NODES.has(node.name) && child !== null
  const single = child?.prevSibling === null || child?.prevSibling?.name === 'UnaryOp'
  return wrapper && single ? innermost(child) : node
}

const durationOf = (node: SyntaxNode | null, expr: string): number =>
  node === null ? 0 : (parsePromDuration(expr.slice(innermost(node).from, innermost(node).to)) ?? 0)

const widestWindow = (expr: string): number => {
  const windows: { rangeMs: number; isPast: boolean }[] = []
  parser.parse(expr).iterate({
    enter: ({ node }) => {
      if (node.name === 'VectorSelector') windows.push(windowOf(node, expr))
    },
  })
  const present = windows.filter(({ isPast }) => !isPast)
  return Math.max(0, ...(present.length > 0 ? present : windows).map(({ rangeMs }) => rangeMs))
}

/** The ranges and offsets of a selector and of every subquery around it. */
const windowOf = (selector: SyntaxNode, expr: string): { rangeMs: number; isPast: boolean } => {
  let rangeMs = 0
  let isPast = false
  for (let at: SyntaxNode | null = selector; at !== null; at = at.parent) {
    if (RANGE_NODES.has(at.name)) rangeMs += durationOf(at.getChild('DurationExpr'), expr)
    if (at.name === 'OffsetExpr') isPast = true
  }
  return { rangeMs, isPast }
}

const metricNames = (expr: string): { name: string; inAbsent: boolean }[] => {
  const found: { name: string; inAbsent: boolean }[] = []
  parser.parse(expr).iterate({
    enter: ({ node }) => {
      if (node.name !== 'VectorSelector') return
      const name = nameOf(node, expr)
      if (name !== null) found.push({ name, inAbsent: isInAbsent(node, expr) })
    },
  })
  return found
}

/** `up`, `{"up"}` and `{__name__="up"}`; null for a selector by pattern. */
const nameOf = (selector: SyntaxNode, expr: string): string | null => {
  const text = ({ from, to }: SyntaxNode): string => expr.slice(from, to)
  const identifier = selector.getChild('Identifier')
  if (identifier !== null) return text(identifier)
  const matchers = selector.getChild('LabelMatchers')
  const quoted = matchers?.getChild('QuotedLabelName')?.getChild('StringLiteral')
  if (quoted) return unquote(text(quoted))
  for (const matcher of matchers?.getChildren('UnquotedLabelMatcher') ?? []) {
    const label = matcher.getChild('LabelName')
    const value = matcher.getChild('StringLiteral')
    const isEqual = matcher.getChild('MatchOp')?.getChild('EqlSingle') !== null
    if (label !== null && value !== null && isEqual && text(label) === '__name__') return unquote(text(value))
  }
  return null
}

/** Metric names hold no escapes that matter: the quotes are all there is to take off. */
const unquote = (literal: string): string => literal.slice(1, -1)

const isInAbsent = (node: SyntaxNode, expr: string): boolean => {
  for (let at = node.parent; at !== null; at = at.parent) {
    const callee = at.name === 'FunctionCall' ? at.getChild('FunctionIdentifier') : null
    if (callee !== null && ABSENT.has(expr.slice(callee.from, callee.to))) return true
  }
  return false
}
