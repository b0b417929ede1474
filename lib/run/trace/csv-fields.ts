import { cut } from './rows.ts'

/** The values of one row of CSV; null where a quote is still open at its end. */
export const splitFields = (text: string): string[] | null => {
  if (!text.includes('"')) return text.split(',')
  const fields: string[] = []
  let from = 0
  while (from <= text.length) {
    if (text[from] !== '"') {
      const comma = text.indexOf(',', from)
      const field = text.slice(from, comma < 0 ? text.length : comma)
      if (field.includes('"')) throw new Error(`expected quotes around a whole value, found ${cut(field)}`)
      fields.push(field)
      from += field.length + 1
      continue
    }
    const end = closingQuote(text, from + 1)
    if (end < 0) return null
    if (end + 1 < text.length && text[end + 1] !== ',')
      throw new Error(`expected a comma after a closing quote, found ${cut(text.slice(end + 1))}`)
    fields.push(text.slice(from + 1, end).replaceAll('""', '"'))
    from = end + 2
  }
  return fields
}

// --- Internal helpers ---

/** Two in a row stand for one, and close nothing. */
const closingQuote = (text: string, from: number): number => {
  let at = text.indexOf('"', from)
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2)
  return at
}
