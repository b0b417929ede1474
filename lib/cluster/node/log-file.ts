import { EventEmitter } from 'node:events'
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { StringDecoder } from 'node:string_decoder'

export type LogStream = 'stdout' | 'stderr'

/** The log of one run of a container, in the CRI's format: `TIME stdout F line`, the tag P where a line goes on. */
export interface LogFile {
  path: string
  /** The part before the last turn-over; may not exist. */
  older: string
  /** Counts turn-overs: a reader of the file opens it anew when it changes. */
  generation: number
  ended: boolean
  /** `change` after each write and at the end. */
  changes: EventEmitter<{ change: [] }>
  write(stream: LogStream, chunk: Buffer): void
  end(): void
  remove(): void
}

/** A longer line is cut, as by the CRI's runtimes. */
const MAX_LINE = 16 * 1024

export const createLogFile = (path: string, maxBytes: number, now: () => number): LogFile => {
  mkdirSync(dirname(path), { recursive: true })
  let file = openSync(path, 'w', 0o600)
  let size = 0
  const pending: Record<LogStream, string> = { stdout: '', stderr: '' }
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }

  const put = (text: string): void => {
    if (size > 0 && size + text.length > maxBytes) {
      closeSync(file)
      renameSync(path, log.older)
      file = openSync(path, 'w', 0o600)
      size = 0
      log.generation += 1
    }
    size += writeSync(file, text)
    log.changes.emit('change')
  }
  const log: LogFile = {
    path,
    older: `${path}.1`,
    generation: 0,
    ended: false,
    changes: new EventEmitter<{ change: [] }>().setMaxListeners(0),
    write: (stream, chunk) => {
      if (log.ended) return
      const lines = (pending[stream] + decoders[stream].write(chunk)).split('\n')
      let rest = lines.pop() ?? ''
      const head = `${new Date(now()).toISOString()} ${stream} `
      let text = ''
      for (const line of lines) text += entries(head, line)
      while (rest.length > MAX_LINE) {
        text += `${head}P ${rest.slice(0, MAX_LINE)}\n`
        rest = rest.slice(MAX_LINE)
      }
      pending[stream] = rest
      if (text !== '') put(text)
    },
    end: () => {
      if (log.ended) return
      for (const stream of ['stdout', 'stderr'] as const) {
        if (pending[stream] !== '') put(`${new Date(now()).toISOString()} ${stream} F ${pending[stream]}\n`)
      }
      log.ended = true
      closeSync(file)
      log.changes.emit('change')
    },
    remove: () => {
      rmSync(path, { force: true })
      rmSync(log.older, { force: true })
    },
  }
  return log
}

// --- Internal helpers ---

const entries = (head: string, line: string): string => {
  let text = ''
  let rest = line
  while (rest.length > MAX_LINE) {
    text += `${head}P ${rest.slice(0, MAX_LINE)}\n`
    rest = rest.slice(MAX_LINE)
  }
  return `${text}${head}F ${rest}\n`
}
