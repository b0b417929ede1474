import { outputText } from '../../../../lib/vllm/text/words.ts'
import { answerTokens, answerText, type Progress, stopReason } from './answer-text.ts'
import type { Piece } from './events.ts'
import type { Choice } from './request.ts'

/** What of one choice has been sent, and what is to be sent next. */
export interface ChoiceStream {
  /** The piece since the last one; null where there is nothing to show yet. */
  next(progress: Progress): Omit<Piece, 'usage'> | null
  sentTokens(): number
  /** The next token was sent as it is, without `next`. */
  sentPlain(text: string): void
}

export const choiceStream = (choice: Choice, stop: readonly string[], ids: boolean): ChoiceStream => {
  // Text that might be the beginning of a stop string is held back.
  const held = Math.max(1, ...stop.map(({ length }) => length)) - 1
  let text = ''
  let tokens = 0
  let sentChars = 0
  let sentTokens = 0
  let begun = false
  const grow = (progress: Progress): string => {
    if (progress.finishReason !== null) return answerText(choice, progress)
    for (; tokens < progress.outputTokens; tokens++) text += outputText(choice.outputSeed, tokens)
    return text.slice(0, Math.max(sentChars, text.length - held))
  }
  return {
    sentTokens: () => sentTokens,
    sentPlain: (plain) => {
      sentTokens++
      sentChars += plain.length
    },
    next: (progress) => {
      const { outputTokens, finishReason } = progress
      if (outputTokens === sentTokens && finishReason === null) return null
      const shown = grow(progress)
      const piece = {
        index: choice.index,
        text: (begun ? '' : choice.echo) + shown.slice(sentChars),
        finishReason,
        stopReason: stopReason(choice, progress),
        tokenIds: ids ? answerTokens(choice, sentTokens, outputTokens) : null,
        promptTokenIds: ids && !begun ? [...choice.prompt] : null,
      }
      begun = true
      sentChars = shown.length
      sentTokens = outputTokens
      return piece
    },
  }
}
