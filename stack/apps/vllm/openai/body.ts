import type { EngineRequest } from '../../../../lib/vllm/engine/types.ts'
import { outputText } from '../../../../lib/vllm/text/words.ts'
import type { Sink } from '../driver.ts'
import { ENGINE_DEAD } from './error.ts'
import type { Generation } from './request.ts'
import { FINGERPRINT, type Reply, usageOf } from './stream.ts'

/** Answers in one piece when the request has finished. */
export const bodySink = (send: (status: number, body: string) => void, generation: Generation, reply: Reply): Sink => ({
  token: () => undefined,
  end: (request) => send(200, JSON.stringify(completeBody(request, generation, reply))),
  fail: () => send(ENGINE_DEAD.status, ENGINE_DEAD.body),
})

// --- Internal helpers ---

const completeBody = (
  request: EngineRequest,
  { kind, outputSeed }: Generation,
  { id, created, model }: Reply,
): object => {
  // The last token of a stream has no text, in the recordings as here: both ways give the same answer.
  const content = Array.from({ length: Math.max(0, request.outputTokens - 1) }, (_, index) =>
    outputText(outputSeed, index),
  ).join('')
  const finish = { logprobs: null, finish_reason: request.finishReason, stop_reason: null }
  const usage = { ...usageOf(request), prompt_tokens_details: null }
  if (kind === 'completion') {
    const choice = {
      index: 0,
      text: content,
      ...finish,
      prompt_logprobs: null,
      prompt_token_ids: null,
      token_ids: null,
    }
    return { id, object: 'text_completion', created, model, choices: [choice], system_fingerprint: FINGERPRINT, usage }
  }
  const message = { role: 'assistant', content, refusal: null, tool_calls: [], reasoning: null }
  const choice = { index: 0, message, ...finish, token_ids: null }
  return { id, object: 'chat.completion', created, model, choices: [choice], system_fingerprint: FINGERPRINT, usage }
}
