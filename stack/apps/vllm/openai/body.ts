import type { EngineRequest } from '../../../../lib/vllm/engine/types.ts'
import { answerText, answerTokens, stopReason } from './answer-text.ts'
import type { Reply } from './events.ts'
import type { Choice, Generation } from './request.ts'

/** The answer in one piece, with the fields that vLLM sends. `requests` in the order of the choices. */
export const completeBody = (requests: readonly EngineRequest[], generation: Generation, reply: Reply): string => {
  const { kind, choices, prompts, returnTokenIds } = generation
  const { id, created, model, fingerprint } = reply
  const common = { service_tier: null, system_fingerprint: fingerprint, usage: usage(requests, generation) }
  const rest = { kv_transfer_params: null, ec_transfer_params: null, metrics: null }
  const promptIds = returnTokenIds ? [...(prompts[0]?.tokens ?? [])] : null
  if (kind === 'completion') {
    const all = requests.map((request, index) => completionChoice(request, choiceOf(choices, index), returnTokenIds))
    return JSON.stringify({ id, object: 'text_completion', created, model, choices: all, ...common, ...rest })
  }
  const all = requests.map((request, index) => chatChoice(request, choiceOf(choices, index), returnTokenIds))
  const prompt = { prompt_logprobs: null, prompt_token_ids: promptIds, prompt_text: null }
  return JSON.stringify({ id, object: 'chat.completion', created, model, choices: all, ...common, ...prompt, ...rest })
}

// --- Internal helpers ---

const choiceOf = (choices: readonly Choice[], index: number): Choice => {
  const choice = choices[index]
  if (choice === undefined) throw new Error(`there is no choice ${index}`)
  return choice
}

const completionChoice = (request: EngineRequest, choice: Choice, ids: boolean): object => ({
  index: choice.index,
  text: choice.echo + answerText(choice, request),
  logprobs: null,
  finish_reason: request.finishReason,
  stop_reason: stopReason(choice, request),
  token_ids: ids ? answerTokens(choice, 0, request.outputTokens) : null,
  prompt_logprobs: null,
  prompt_token_ids: ids ? [...choice.prompt] : null,
  routed_experts: null,
})

const chatChoice = (request: EngineRequest, choice: Choice, ids: boolean): object => ({
  index: choice.index,
  message: {
    role: 'assistant',
    content: answerText(choice, request),
    refusal: null,
    annotations: null,
    audio: null,
    function_call: null,
    reasoning: null,
  },
  logprobs: null,
  finish_reason: request.finishReason,
  stop_reason: stopReason(choice, request),
  token_ids: ids ? answerTokens(choice, 0, request.outputTokens) : null,
  routed_experts: null,
})

/** A prompt that several choices share counts once. */
const usage = (requests: readonly EngineRequest[], { prompts }: Generation): object => {
  const promptTokens = prompts.reduce((sum, { tokens }) => sum + tokens.length, 0)
  const completionTokens = requests.reduce((sum, { outputTokens }) => sum + outputTokens, 0)
  return {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completionTokens,
    completion_tokens: completionTokens,
    prompt_tokens_details: null,
    completion_tokens_details: null,
  }
}
