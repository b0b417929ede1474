/** What capacity planning needs to know of a model. */
export interface ModelFacts {
  weightsBytes: number
  /** Keys and values of one token over all layers, bf16. */
  kvBytesPerToken: number
  /** The model's own context length: what `--max-model-len` defaults to. */
  maxModelLen: number
  architecture: string
}

/** From the models' published configurations: layers × KV heads × head size × 2 (K and V) × 2 bytes. */
const KNOWN: readonly (readonly [RegExp, ModelFacts])[] = [
  [/llama-?3\.[123]-8b/i, facts(16.06e9, 32 * 8 * 128, 131_072, 'LlamaForCausalLM')],
  [/llama-?3\.2-1b/i, facts(2.47e9, 16 * 8 * 64, 131_072, 'LlamaForCausalLM')],
  [/llama-?3\.2-3b/i, facts(6.43e9, 28 * 8 * 128, 131_072, 'LlamaForCausalLM')],
  [/llama-?3\.[13]-70b/i, facts(141.1e9, 80 * 8 * 128, 131_072, 'LlamaForCausalLM')],
  [/qwen2\.5-0\.5b/i, facts(0.99e9, 24 * 2 * 64, 32_768, 'Qwen2ForCausalLM')],
  [/qwen2\.5-1\.5b/i, facts(3.09e9, 28 * 2 * 128, 32_768, 'Qwen2ForCausalLM')],
  [/qwen2\.5-7b/i, facts(15.23e9, 28 * 4 * 128, 32_768, 'Qwen2ForCausalLM')],
  [/mistral-7b/i, facts(14.5e9, 32 * 8 * 128, 32_768, 'MistralForCausalLM')],
]

const PARAMETERS = /(\d+(?:\.\d+)?)b(?![a-z])/i

/** A known model by its name; else as a Llama of the size in the name; else as Llama-3.1-8B. */
export const modelFacts = (name: string): ModelFacts => {
  const known = KNOWN.find(([pattern]) => pattern.test(name))
  if (known !== undefined) return known[1]
  const billions = Number(PARAMETERS.exec(name)?.[1] ?? 8)
  return facts(billions * 2e9, Math.round((billions / 8) * 32) * 8 * 128, 32_768, 'LlamaForCausalLM')
}

// --- Internal helpers ---

function facts(weightsBytes: number, kvValues: number, maxModelLen: number, architecture: string): ModelFacts {
  return { weightsBytes, kvBytesPerToken: kvValues * 2 * 2, maxModelLen, architecture }
}
