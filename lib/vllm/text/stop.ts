import { outputText, outputToken } from './words.ts'

export interface StopRules {
  strings: readonly string[]
  tokenIds: readonly number[]
  /** Whether what matched is part of the answer. */
  include: boolean
  /** Nothing stops before more than so many tokens. */
  minTokens: number
}

/** Where an answer stops because of what it says. */
export interface StopPoint {
  /** Tokens that the engine computes for it. */
  tokens: number
  /** The answer's text, cut. */
  text: string
  /** vLLM's `stop_reason`: the string, or the id. */
  reason: string | number
}

/** The first place among `maxTokens` where the rules stop the answer; vLLM looks after every token, as done here. */
export const findStop = (seed: number, maxTokens: number, rules: StopRules): StopPoint | null => {
  const { strings, tokenIds, include, minTokens } = rules
  if (strings.length === 0 && tokenIds.length === 0) return null
  const longest = Math.max(0, ...strings.map(({ length }) => length))
  const ids = new Set(tokenIds)
  let text = ''
  for (let index = 0; index < maxTokens; index++) {
    const before = text.length
    text += outputText(seed, index)
    if (index < minTokens) continue
    const id = outputToken(seed, index)
    if (ids.has(id)) return { tokens: index + 1, text: include ? text : text.slice(0, before), reason: id }
    // A match ends in the newest token: whatever ended earlier was found earlier, or came too soon to count.
    const from = Math.max(0, before - longest + 1)
    for (const string of strings) {
      const at = text.indexOf(string, from)
      if (at === -1 || at + string.length <= before) continue
      return { tokens: index + 1, text: text.slice(0, include ? at + string.length : at), reason: string }
    }
  }
  return null
}
