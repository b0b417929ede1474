/** What a suite came to. */

export interface Failure {
  /** Names it as one would look for it: suite, file, test. */
  readonly title: string
  /** What the runner said of it. */
  readonly text: string
}

export interface Outcome {
  readonly passed: number
  readonly failures: readonly Failure[]
}

export const merged = (outcomes: readonly Outcome[]): Outcome => ({
  passed: outcomes.reduce((total, { passed }) => total + passed, 0),
  failures: outcomes.flatMap(({ failures }) => failures),
})

/** Lines kept of what was said of a failure, from its beginning and from its end. */
const HEAD = 15
const TAIL = 25

/** Failures that are told with their text. The others are named. */
const IN_FULL = 10

const shortened = (text: string): string => {
  const lines = text.trimEnd().split('\n')
  if (lines.length <= HEAD + TAIL + 1) return lines.join('\n')
  const left = lines.length - HEAD - TAIL
  return [...lines.slice(0, HEAD), `… ${left} more lines …`, ...lines.slice(-TAIL)].join('\n')
}

/** The end of a run: each failure once more, since hours of output may lie between it and here, then the counts. */
export const summary = ({ passed, failures }: Outcome): string => {
  const told = failures.map(({ title, text }, at) =>
    at < IN_FULL ? `✗ ${title}\n${shortened(text).replaceAll(/^(?=.)/gm, '    ')}\n` : `✗ ${title}\n`,
  )
  return `\n${told.join('')}${told.length > 0 ? '\n' : ''}${passed} passed, ${failures.length} failed\n`
}
