import { LARGEST_TOKEN, detokenize, tokenize } from '../../../../lib/vllm/text/tokens.ts'
import { badParameter, badRequest } from './error.ts'
import type { Fields } from './pydantic.ts'

export interface Prompt {
  tokens: Uint32Array
  /** Whether the client sent it as text. */
  isText: boolean
  text(): string
}

/** The prompts of a completion: one or many, as text or as token ids. */
export const readPrompts = (fields: Fields): Prompt[] => {
  const given = fields.raw('prompt')
  if (typeof given === 'string') return [ofText(given)]
  if (Array.isArray(given)) {
    if (given.every((item) => typeof item === 'string')) return given.map(ofText)
    if (given.every(isId)) return [ofIds(given)]
    if (given.every((item) => Array.isArray(item) && item.every(isId))) return given.map(ofIds)
  } else if (given === undefined || given === null) return []
  refuse(fields, given)
  return []
}

/** What vLLM checks once the types are right. */
export const checkPrompts = (given: unknown, prompts: readonly Prompt[]): void => {
  if (given === undefined || given === null || given === '') {
    throw badParameter('Either prompt or prompt_embeds must be provided and non-empty.', 'prompt')
  }
  if (prompts.length === 0) throw badRequest('You must pass at least one prompt')
  for (const { tokens } of prompts) if (tokens.length === 0) throw badRequest('The decoder prompt cannot be empty')
}

// --- Internal helpers ---

const isId = (item: unknown): item is number => typeof item === 'number' && Number.isInteger(item) && item >= 0

const ofText = (text: string): Prompt => ({ tokens: tokenize(text), isText: true, text: () => text })

const ofIds = (ids: readonly number[]): Prompt => {
  const unknown = ids.find((id) => id > LARGEST_TOKEN)
  if (unknown !== undefined) throw badRequest(`Token id ${unknown} is out of vocabulary`)
  return { tokens: Uint32Array.from(ids), isText: false, text: () => detokenize(ids) }
}

/** One issue per member of the union (ids, lists of ids, text, texts), in pydantic's order. */
const refuse = (fields: Fields, given: unknown): void => {
  const list = { type: 'list_type', msg: 'Input should be a valid list' }
  const text = { type: 'string_type', msg: 'Input should be a valid string' }
  if (!Array.isArray(given)) {
    for (const issue of [list, list, text, list]) fields.refuse('prompt', issue, given)
    return
  }
  for (const [index, item] of given.entries()) {
    const problem = idProblem(item)
    if (problem !== null) fields.refuse(`prompt.${index}`, problem, item)
  }
  for (const [index, item] of given.entries()) {
    if (!Array.isArray(item)) fields.refuse(`prompt.${index}`, list, item)
  }
  fields.refuse('prompt', text, given)
  for (const [index, item] of given.entries()) {
    if (typeof item !== 'string') fields.refuse(`prompt.${index}`, text, item)
  }
}

const idProblem = (item: unknown): { type: string; msg: string; ctx?: string } | null => {
  if (isId(item)) return null
  if (typeof item === 'number' && Number.isInteger(item)) {
    return { type: 'greater_than_equal', msg: 'Input should be greater than or equal to 0', ctx: "{'ge': 0}" }
  }
  if (typeof item === 'number') {
    return { type: 'int_from_float', msg: 'Input should be a valid integer, got a number with a fractional part' }
  }
  return typeof item === 'string'
    ? { type: 'int_parsing', msg: 'Input should be a valid integer, unable to parse string as an integer' }
    : { type: 'int_type', msg: 'Input should be a valid integer' }
}
