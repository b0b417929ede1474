/** One family of an exposition page. */
export interface ParsedFamily {
  type: string
  help: string
  /** Sample names with their labels, in order. */
  samples: string[]
}

/** The families of a page in prometheus_client's text format, `_created` gauges among them. */
export const parsePage = (text: string): Map<string, ParsedFamily> => {
  const families = new Map<string, ParsedFamily>()
  let current: ParsedFamily = { type: '', help: '', samples: [] }
  for (const line of text.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      current = { type: '', help: rest, samples: [] }
      families.set(name, current)
    } else if (keyword === 'TYPE') {
      current.type = rest
    } else if (line !== '') {
      current.samples.push(line.slice(0, line.lastIndexOf(' ')))
    }
  }
  return families
}

/** The names of a sample's labels but for `le`, and the bounds of all buckets but +Inf. */
export const labelNames = ({ samples }: ParsedFamily): string[] =>
  [...new Set(samples.flatMap((sample) => [...sample.matchAll(/[{,](\w+)="/g)].map(([, name = '']) => name)))].filter(
    (name) => name !== 'le',
  )

export const bucketBoundsOf = ({ samples }: ParsedFamily): number[] => [
  ...new Set(
    samples.flatMap((sample) => [...sample.matchAll(/[{,]le="([\d.e+]+)"/g)].map(([, bound]) => Number(bound))),
  ),
]
