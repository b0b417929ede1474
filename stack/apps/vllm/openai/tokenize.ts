import { detokenize, tokenize, tokenizeChat } from '../../../../lib/vllm/text/tokens.ts'
import { readMessages } from './messages.ts'
import { readFields } from './pydantic.ts'

export interface Tokenization {
  model: string | null
  tokens: Uint32Array
  returnStrings: boolean
}

/** A /tokenize body: a prompt or a chat. */
export const readTokenize = (body: unknown, servedModel: string): Tokenization => {
  const fields = readFields(body)
  const prompt = fields.raw('prompt')
  const isChat = fields.raw('messages') !== undefined
  if (prompt === undefined && !isChat) {
    fields.missing('prompt')
    fields.missing('messages')
  } else if (!isChat && typeof prompt !== 'string') {
    fields.refuse('prompt', { type: 'string_type', msg: 'Input should be a valid string' }, prompt)
    fields.missing('messages')
  }
  const turns = isChat ? readMessages(fields, servedModel) : []
  const common = { model: fields.text('model'), returnStrings: fields.bool('return_token_strs') ?? false }
  fields.done()
  return { ...common, tokens: isChat ? tokenizeChat(turns) : tokenize(typeof prompt === 'string' ? prompt : '') }
}

export const tokenizeBody = ({ tokens, returnStrings }: Tokenization, maxModelLen: number): string => {
  const ids = [...tokens]
  const strings = returnStrings ? ids.map((id) => detokenize([id])) : null
  return JSON.stringify({ count: ids.length, max_model_len: maxModelLen, tokens: ids, token_strs: strings })
}

/** A /detokenize body's model and text. */
export const readDetokenize = (body: unknown): { model: string | null; text: string } => {
  const fields = readFields(body)
  const given = fields.raw('tokens')
  const tokens: number[] = []
  if (given === undefined) fields.missing('tokens')
  else if (!Array.isArray(given)) {
    fields.refuse('tokens', { type: 'list_type', msg: 'Input should be a valid list' }, given)
  } else {
    for (const [index, token] of given.entries()) {
      if (!Number.isInteger(token)) {
        fields.refuse(`tokens.${index}`, { type: 'int_type', msg: 'Input should be a valid integer' }, token)
      } else if (token < 0) {
        const msg = 'Input should be greater than or equal to 0'
        fields.refuse(`tokens.${index}`, { type: 'greater_than_equal', msg, ctx: "{'ge': 0}" }, token)
      } else tokens.push(Number(token))
    }
  }
  const model = fields.text('model')
  fields.done()
  return { model, text: detokenize(tokens) }
}
