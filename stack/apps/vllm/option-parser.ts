import { wrongValue } from './option-values.ts'
import { SERVE_OPTIONS, type ServeOption } from './serve-options.ts'

/** Options by their names, the last one of a name. `model_tag` is the argument without a name. */
export type OptionValues = ReadonlyMap<string, readonly string[]>

export type ParsedOptions = { ok: true; values: OptionValues } | { ok: false; message: string }

/** Reads words as vLLM's argparse does: dashes or underscores, `--name value`, `--name=value`, `-tp 2`, `--config.key value`, beginnings of names. */
export const parseOptions = (words: readonly string[]): ParsedOptions => {
  const values = new Map<string, readonly string[]>()
  const unknown: string[] = []
  const rest = words.map(withDashes)
  while (rest.length > 0) {
    const word = rest.shift() ?? ''
    if (!isOption(word)) {
      if (values.has(MODEL_TAG)) unknown.push(word)
      else values.set(MODEL_TAG, [word])
      continue
    }
    const { written, inline } = split(word)
    const found = find(written)
    if (found.length > 1) {
      return failure(`ambiguous option: ${word} could match ${found.map(({ string }) => string).join(', ')}`)
    }
    const [first] = found
    if (first === undefined) {
      unknown.push(word)
      // argparse reports the stray value too.
      if (inline === undefined && rest[0] !== undefined && !isOption(rest[0])) unknown.push(rest.shift() ?? '')
      continue
    }
    const { option, string } = first
    const { name, kind } = option
    const label = `argument ${option.strings.join('/')}`
    if (kind === 'flag' || kind === 'switch') {
      if (inline !== undefined) return failure(`${label}: ignored explicit argument '${inline}'`)
      values.set(name, [string.startsWith('--no-') && !name.startsWith('no-') ? 'false' : 'true'])
      continue
    }
    const given = inline === undefined ? take(rest, kind) : [inline]
    if (given.length === 0 && kind !== 'maybe') {
      return failure(`${label}: expected ${kind === 'list' ? 'at least one' : 'one'} argument`)
    }
    const wrong = given.map((value) => wrongValue(kind, value)).find((problem) => problem !== null)
    if (wrong !== undefined) return failure(`${label}: ${wrong}`)
    values.set(name, given)
  }
  if (unknown.length > 0)
    return { ok: false, message: `${USAGE}\nvllm: error: unrecognized arguments: ${unknown.join(' ')}\n` }
  return { ok: true, values }
}

export const failure = (text: string): { ok: false; message: string } => ({
  ok: false,
  message: `usage: vllm serve [model_tag] [options]\nvllm serve: error: ${text}\n`,
})

// --- Internal helpers ---

const USAGE = 'usage: vllm [-h] [-v] {chat,complete,serve,launch,bench,collect-env,run-batch} ...'
const MODEL_TAG = 'model_tag'

interface Match {
  option: ServeOption
  /** The name that was meant. */
  string: string
}

const BY_STRING = new Map<string, Match>(
  SERVE_OPTIONS.flatMap((option) => option.strings.map((string) => [string, { option, string }] as const)),
)

const NEGATIVE_NUMBER = /^-\d+$|^-\d*\.\d+$/

const isOption = (word: string): boolean =>
  word.startsWith('-') && word.length > 1 && !NEGATIVE_NUMBER.test(word) && !word.includes(' ')

/** Underscores of names are dashes, those of values and of keys behind a dot are not. `-O3` is short for its long form. */
const withDashes = (word: string): string => {
  const level = /^-O=?([0-3])$/.exec(word)?.[1]
  if (level !== undefined) return `--optimization-level=${level}`
  const name = /^--[^=.]*/.exec(word)?.[0] ?? ''
  return name.replaceAll('_', '-') + word.slice(name.length)
}

const split = (word: string): { written: string; inline: string | undefined } => {
  const at = word.indexOf('=')
  // One dash and one letter take what is stuck to them.
  const short = /^-[^-]/.exec(word)?.[0]
  if (at === -1 && short !== undefined && word.length > 2 && BY_STRING.has(short) && !BY_STRING.has(beforeDot(word))) {
    return { written: short, inline: word.slice(2) }
  }
  return at === -1 ? { written: word, inline: undefined } : { written: word.slice(0, at), inline: word.slice(at + 1) }
}

const beforeDot = (written: string): string => written.replace(/\..*/, '')

/** By its whole name, or by a beginning that is no other's. `--config.key` is `--config`. */
const find = (written: string): Match[] => {
  const name = beforeDot(written)
  const exact = BY_STRING.get(name)
  if (exact !== undefined) return [exact]
  if (!name.startsWith('--')) return []
  return [...BY_STRING.values()].filter(({ string }) => string.startsWith(name))
}

const take = (rest: string[], kind: ServeOption['kind']): string[] => {
  const next = rest.findIndex(isOption)
  const available = next === -1 ? rest.length : next
  return rest.splice(0, kind === 'list' ? available : Math.min(1, available))
}
