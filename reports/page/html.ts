/** Markup that is safe to put into a page as it is. Only `html` and `raw` make it. */
export interface Markup {
  readonly markup: string
}

type Part = Markup | string | number | null | readonly Part[]

/** A template whose every value is escaped, unless it is markup itself; lists are joined, null is nothing. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: texts.reduce((page, text, index) => page + render(parts[index - 1] ?? null) + text),
})

/** For text that is markup, style or script already: never for anything that was read from a run. */
export const raw = (markup: string): Markup => ({ markup })

/** Data for a script to read: JSON that cannot end its own element. */
export const jsonScript = (id: string, value: unknown): Markup => {
  const json = JSON.stringify(value).replaceAll('<', String.raw`\u003c`)
  return html`<script type="application/json" id="${id}">
    ${raw(json)}
  </script>`
}

export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`)

// --- Internal helpers ---

const render = (part: Part): string => {
  if (part === null) return ''
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part))
  if (isList(part)) return part.map(render).join('')
  return part.markup
}

// Array.isArray does not narrow readonly arrays.
const isList = (part: Markup | readonly Part[]): part is readonly Part[] => Array.isArray(part)
