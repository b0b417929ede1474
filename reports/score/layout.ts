import type { Paint } from './paint.ts'

export interface Cell {
  text: string
  paint?: (text: string) => string
}

/** A table of text: columns as wide as their cells, the last one wrapped into what is left of the width. */
export const layOut = (headings: readonly string[], rows: readonly Cell[][], width: number, brush: Paint): string[] => {
  const fixed = headings.slice(0, -1)
  const widths = fixed.map((heading, index) =>
    Math.max(heading.length, ...rows.map((row) => row[index]?.text.length ?? 0)),
  )
  const indent = widths.reduce((sum, one) => sum + one + GAP.length, 0)
  // A last column too narrow to read goes below its row instead.
  const below = width - indent < NARROWEST
  const left = below ? 4 : indent
  const lines = rows.flatMap((row) => {
    const head = widths.map((size, index) => pad(row[index], size)).join(GAP)
    const [first = '', ...rest] = wrap(row.at(-1)?.text ?? '', width - left)
    const tail = rest.map((line) => ' '.repeat(left) + line)
    return below ? [head.trimEnd(), ' '.repeat(left) + first, ...tail] : [`${head}${GAP}${first}`.trimEnd(), ...tail]
  })
  const shown = below ? fixed : headings
  const title = shown.map((heading, index) => heading.padEnd(widths[index] ?? 0)).join(GAP)
  return [brush.dim(title.trimEnd()), ...lines]
}

/** Words in lines of at most so many characters; a longer word keeps a line of its own. */
export const wrap = (text: string, width: number): string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

// --- Internal helpers ---

const GAP = '  '
const NARROWEST = 24

const pad = (cell: Cell | undefined, width: number): string => {
  const text = cell?.text ?? ''
  const painted = cell?.paint === undefined ? text : cell.paint(text)
  return painted + ' '.repeat(width - text.length)
}
