import { formatEvent, type ScriptEvent } from './script-event.ts'

export const tell = (event: ScriptEvent): void => {
  // eslint-disable-next-line no-console -- the console is how a script speaks to whoever started k6
  console.log(formatEvent(event))
}

// k6 hands Go's errors over as objects of its own, whose text names their kind.
export const messageOf = (error: unknown): string => String(error).replace(/^(GoError|Error): /, '')
