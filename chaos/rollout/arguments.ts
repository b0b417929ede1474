/** The value of an option: null where it has none of its own, undefined where the option is not given. */
export type OptionValue = string | null | undefined

/** As vLLM's argparse reads them: dashes or underscores, `--name value` or `--name=value`, and the last one counts. */
export const optionOf = (args: readonly string[], option: string): OptionValue => {
  const last = spansOf(args, option).at(-1)
  return last === undefined ? undefined : last.value
}

/** Sets the option where it stands, in the form that it has there, and at the end where it is not given. */
export const withOption = (args: readonly string[], option: string, value: string | null): string[] => {
  const last = spansOf(args, option).at(-1)
  if (last === undefined) return [...args, ...worded(option, value, false)]
  const written = args[last.at]?.split('=', 1)[0] ?? option
  return args.toSpliced(last.at, last.length, ...worded(written, value, last.inline))
}

/** Takes the option away wherever it is given, with its value. */
export const withoutOption = (args: readonly string[], option: string): string[] =>
  spansOf(args, option).reduceRight<string[]>((left, { at, length }) => left.toSpliced(at, length), [...args])

/** The options that are given, each once, as written first. */
export const optionsOf = (args: readonly string[]): string[] => {
  const byName = new Map<string, string>()
  for (const word of args.filter(isOption)) {
    const written = word.split('=', 1)[0] ?? word
    if (!byName.has(nameOf(word))) byName.set(nameOf(word), written)
  }
  return [...byName.values()]
}

/** Whether these words are a script for a shell, which takes no more arguments of ours. */
export const isShellScript = (command: readonly string[], args: readonly string[]): boolean => {
  const [program = '', ...rest] = [...command, ...args]
  return /(^|\/)(ba|da|z|k|)sh$/.test(program) && rest.some((word) => /^-[a-z]*c$/.test(word))
}

// --- Internal helpers ---

interface Span {
  at: number
  length: 1 | 2
  inline: boolean
  value: string | null
}

/** A value that looks like an option is only taken for a value behind an equals sign. */
const worded = (option: string, value: string | null, inline: boolean): string[] => {
  if (value === null) return [option]
  return inline || isOption(value) ? [`${option}=${value}`] : [option, value]
}

/** `-tp` is one too; `-1` is a value. */
const isOption = (word: string): boolean => /^--?[A-Za-z]/.test(word)

const nameOf = (word: string): string => (word.split('=', 1)[0] ?? word).replaceAll('_', '-')

const spansOf = (args: readonly string[], option: string): Span[] =>
  args.flatMap((word, at): Span[] => {
    if (!isOption(word) || nameOf(word) !== nameOf(option)) return []
    const equals = word.indexOf('=')
    if (equals >= 0) return [{ at, length: 1, inline: true, value: word.slice(equals + 1) }]
    const next = args[at + 1]
    if (next === undefined || isOption(next)) return [{ at, length: 1, inline: false, value: null }]
    return [{ at, length: 2, inline: false, value: next }]
  })
