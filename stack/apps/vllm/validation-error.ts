/** What pydantic says of a value outside its field's bounds. */
export interface FieldIssue {
  field: string
  value: number
  type: 'int' | 'float'
  bound: keyof typeof WORDS
  limit: number
}

/** The error of vLLM's configuration objects whose fields have these issues. */
export const fieldErrors = (config: string, issues: readonly FieldIssue[]): string => {
  const lines = issues.map(({ field, value, type, bound, limit }) => {
    const written = type === 'float' && Number.isInteger(value) ? value.toFixed(1) : String(value)
    const problem = `Input should be ${WORDS[bound]} ${limit}`
    return `${field}\n  ${problem} [type=${bound}, input_value=${written}, input_type=${type}]\n${see(bound)}`
  })
  return [`${NAME}: ${issues.length} validation error${issues.length === 1 ? '' : 's'} for ${config}`, ...lines].join(
    '\n',
  )
}

/** The error that such an object's own check raised; `input` is how Python shows what it was made from. */
export const valueError = (config: string, message: string, input: string): string =>
  `${NAME}: 1 validation error for ${config}\n  Value error, ${message} ` +
  `[type=value_error, input_value=${input}, input_type=ArgsKwargs]\n${see('value_error')}`

// --- Internal helpers ---

const NAME = 'pydantic_core._pydantic_core.ValidationError'

const WORDS = {
  greater_than: 'greater than',
  greater_than_equal: 'greater than or equal to',
  less_than: 'less than',
  less_than_equal: 'less than or equal to',
} as const

const see = (type: string): string => `    For further information visit https://errors.pydantic.dev/2.14/v/${type}`
