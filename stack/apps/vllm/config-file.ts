import { z } from 'zod'
import { errorMessage } from '../../../lib/core/errors.ts'
import { SERVE_OPTIONS } from './serve-options.ts'

export type Expanded = { ok: true; words: readonly string[] } | { ok: false; message: string }

/**
 * `--config FILE`, as vLLM reads it: the file's values stand behind the model and before everything else, so that the command line wins.
 * `read` gives the file's text.
 */
export const withConfigFile = async (argv: readonly string[], read: (path: string) => string): Promise<Expanded> => {
  const words = argv[0] === 'serve' ? argv.slice(1) : argv
  const at = words.indexOf('--config')
  if (at === -1) return { ok: true, words }
  const path = words[at + 1]
  if (path === undefined) return refuse('No config file specified! Please check your command-line arguments.')
  const extension = path.split('.').at(-1)
  if (extension !== 'yaml' && extension !== 'yml') {
    return refuse(`Config file must be of a yaml/yml type. ${extension} supplied`)
  }
  // Few have one, and the parser would take memory of every pod.
  const { parseYaml } = await import('./config-yaml.ts')
  let content: unknown
  try {
    content = parseYaml(read(path))
  } catch (error) {
    const message = `Unable to read the config file at ${path}. Check path correctness\n${errorMessage(error)}\n`
    return { ok: false, message }
  }
  const config = Config.safeParse(content)
  if (!config.success) {
    return refuse(
      `expected options and their values in ${path}, found something else: ${z.prettifyError(config.error)}`,
    )
  }
  const rest = [...words.slice(0, at), ...words.slice(at + 2)]
  const models = rest[0] === undefined || rest[0].startsWith('-') ? 0 : 1
  const given = Object.entries(config.data).flatMap(([name, value]) => wordsOf(name, value))
  return { ok: true, words: [...rest.slice(0, models), ...given, ...rest.slice(models)] }
}

// --- Internal helpers ---

const refuse = (text: string): Expanded => ({ ok: false, message: `ValueError: ${text}\n` })

const Scalar = z.union([z.string(), z.number(), z.null()])
const Config = z.record(
  z.string(),
  z.union([z.boolean(), Scalar, z.array(z.union([Scalar, z.boolean()])), z.record(z.string(), z.unknown())]),
)
type Value = z.infer<typeof Config>[string]

const wordsOf = (name: string, value: Value): string[] => {
  if (value === true) return [`--${name}`]
  if (value === false) return NEGATIONS.has(`--no-${name}`) ? [`--no-${name}`] : []
  if (Array.isArray(value)) return value.length === 0 ? [] : [`--${name}`, ...value.map(String)]
  if (value === null) return [`--${name}`, 'None']
  return [`--${name}`, typeof value === 'object' ? JSON.stringify(value) : String(value)]
}

const NEGATIONS = new Set(SERVE_OPTIONS.flatMap(({ strings }) => strings))
