import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import type { Event } from '../core/event.ts'

export type Entry = Pick<Event, 'actor' | 'phase' | 'what' | 'value'>

/** The one writer of journal.jsonl. */
export interface Journal extends Disposable {
  /** On disk when it returns: what it announces may only happen afterwards. */
  write(entry: Entry): void
}

export interface JournalOptions {
  path: string
  clock: {
    /** Milliseconds since the epoch. */
    now(): number
    /** Milliseconds that never jump. */
    mono(): number
  }
  /** Told of each entry once it is on disk. */
  onEvent?(event: Event): void
  /** A full disk must stop the run, and must not stop a heal: it is told here, once, and never thrown. */
  onBroken(error: unknown): void
}

export const openJournal = ({ path, clock, onEvent, onBroken }: JournalOptions): Journal => {
  const file = openSync(path, 'a')
  const start = clock.mono()
  let seq = 0
  let state: 'open' | 'broken' | 'closed' = 'open'
  const append = (event: Event): void => {
    if (state !== 'open') return
    try {
      writeSync(file, `${JSON.stringify(event)}\n`)
      fsyncSync(file)
    } catch (error) {
      state = 'broken'
      onBroken(error)
    }
  }
  return {
    write(entry) {
      const event: Event = { seq: seq++, mono: Math.round(clock.mono() - start), wall: clock.now(), ...entry }
      append(event)
      onEvent?.(event)
    },
    [Symbol.dispose]() {
      if (state !== 'closed') closeSync(file)
      state = 'closed'
    },
  }
}
