import type { Turn } from '../../../../lib/vllm/text/tokens.ts'
import { badRequest } from './error.ts'
import { type Fields, isRecord } from './pydantic.ts'

/**
 * The turns of a chat. vLLM's messages are a union of six types and it lists what is wrong with each; here a bad
 * message is told once, as the type that takes any role.
 */
export const readMessages = (fields: Fields, model: string): Turn[] => {
  const given = fields.raw('messages')
  if (given === undefined) {
    fields.missing('messages')
    return []
  }
  if (!Array.isArray(given)) {
    fields.refuse('messages', { type: 'list_type', msg: 'Input should be a valid list' }, given)
    return []
  }
  return given.map((message, index) => readMessage(message, `messages.${index}`, fields, model))
}

/** After the types are known to be right. */
export const checkMessages = (turns: readonly Turn[]): void => {
  if (turns.length > 0) return
  throw badRequest('Cannot apply chat template to an empty conversation. Provide at least one message.')
}

// --- Internal helpers ---

const TYPE = 'CustomChatCompletionMessageParam'

const readMessage = (message: unknown, path: string, fields: Fields, model: string): Turn => {
  if (!isRecord(message)) {
    fields.refuse(`${path}.${TYPE}`, { type: 'dict_type', msg: 'Input should be a valid dictionary' }, message)
    return { role: '', content: '' }
  }
  const { role } = message
  if (role === undefined) fields.refuse(`${path}.${TYPE}.role`, { type: 'missing', msg: 'Field required' }, message)
  else if (typeof role !== 'string') {
    fields.refuse(`${path}.${TYPE}.role`, { type: 'string_type', msg: 'Input should be a valid string' }, role)
  }
  return { role: String(role), content: readContent(message, `${path}.${TYPE}.content`, fields, model) }
}

const readContent = (message: Record<string, unknown>, path: string, fields: Fields, model: string): string => {
  const { content, role } = message
  if (typeof content === 'string') return content
  // An answer that was only tool calls has none.
  if (content === undefined || (content === null && role === 'assistant')) return ''
  if (Array.isArray(content)) return content.map((part) => readPart(part, model)).join('\n')
  fields.refuse(path, { type: 'string_type', msg: 'Input should be a valid string' }, content)
  return ''
}

const readPart = (part: unknown, model: string): string => {
  if (typeof part === 'string') return part
  if (isRecord(part) && typeof part['text'] === 'string') return part['text']
  const type = isRecord(part) ? part['type'] : undefined
  if (typeof type === 'string' && /^(image|audio|video|input_audio|file)/.test(type)) {
    throw badRequest(`${model} is not a multimodal model`)
  }
  throw badRequest(`Unknown part type: ${typeof type === 'string' ? type : 'None'}`)
}
