import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import type { Event } from '../core/event.ts'

export type Entry = Pick<Event, 'actor' | 'phase' | 'what' | 'value'>

/** The one writer of journal.jsonl. */
export interface Journal extends Disposable {
  /** On disk when it returns: what it announces may only happen afterwards. */
  write(entry: Entry): void
}

export interface Clock {
  /** Milliseconds since the epoch. */
  wall(): number
  /** Milliseconds that never jump. */
  mono(): number
}

export const systemClock: Clock = { wall: () => Date.now(), mono: () => performance.now() }

/** Opens the file for appending; every entry is told to `onEvent` too, once it is on disk. */
export const openJournal = (path: string, clock: Clock, onEvent: (event: Event) => void = () => {}): Journal => {
  const file = openSync(path, 'a')
  const start = clock.mono()
  let seq = 0
  let open = true
  return {
    write(entry) {
      if (!open) return
      const event: Event = { seq: seq++, mono: Math.round(clock.mono() - start), wall: clock.wall(), ...entry }
      writeSync(file, `${JSON.stringify(event)}\n`)
      fsyncSync(file)
      onEvent(event)
    },
    [Symbol.dispose]() {
      if (open) closeSync(file)
      open = false
    },
  }
}
