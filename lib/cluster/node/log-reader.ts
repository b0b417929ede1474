import { once } from 'node:events'
import { type FileHandle, open } from 'node:fs/promises'
import type { LogFile } from './log-file.ts'
import { type LogQuery, renderLine } from './log-query.ts'

const BLOCK = 64 * 1024

/** What a client of `kubectl logs` gets, piece by piece; with `follow` until the container has ended or the signal. */
export const readLog = async function* (log: LogFile, query: LogQuery, signal: AbortSignal): AsyncGenerator<string> {
  let left = query.limitBytes ?? Number.POSITIVE_INFINITY
  for await (const lines of linesOf(log, query, signal)) {
    let text = ''
    for (const line of lines) text += renderLine(line, query) ?? ''
    if (text === '') continue
    const bytes = Buffer.byteLength(text)
    yield bytes > left ? Buffer.from(text).subarray(0, left).toString() : text
    left -= bytes
    if (left <= 0) return
  }
}

// --- Internal helpers ---

const linesOf = async function* (log: LogFile, query: LogQuery, signal: AbortSignal): AsyncGenerator<string[]> {
  const { tailLines, follow } = query
  let generation = log.generation
  const current = await open(log.path)
  let file = current
  try {
    let position = 0
    if (tailLines === null) yield* older(log)
    else {
      const found = await tailStart(current, tailLines)
      position = found.position
      if (found.missing > 0) yield* older(log, found.missing)
    }
    for (;;) {
      // Read before the file is: what is written after that is told of again.
      const { ended } = log
      const turned = log.generation !== generation
      position = yield* pieces(file, position)
      if (turned) {
        await file.close()
        generation = log.generation
        file = await open(log.path)
        position = 0
        continue
      }
      if (!follow || ended || signal.aborted) return
      await nextChange(log, generation, file, position, signal)
    }
  } finally {
    await file.close().catch(() => undefined)
  }
}

const nextChange = async (
  log: LogFile,
  generation: number,
  file: FileHandle,
  position: number,
  signal: AbortSignal,
): Promise<void> => {
  const change = once(log.changes, 'change', { signal }).catch(() => undefined)
  const { size } = await file.stat()
  // Written, turned over or ended between the last read and the listening.
  if (size > position || log.generation !== generation || log.ended) return
  await change
}

const older = async function* (log: LogFile, tail?: number): AsyncGenerator<string[]> {
  const file = await open(log.older).catch(() => null)
  if (file === null) return
  try {
    yield* pieces(file, tail === undefined ? 0 : (await tailStart(file, tail)).position)
  } finally {
    await file.close()
  }
}

/** Whole lines from a position to the end of the file; returns where the next begins. */
const pieces = async function* (file: FileHandle, from: number): AsyncGenerator<string[], number> {
  let position = from
  let block = Buffer.alloc(BLOCK)
  for (;;) {
    const { bytesRead } = await file.read(block, 0, block.length, position)
    const end = block.subarray(0, bytesRead).lastIndexOf(10)
    if (end >= 0) {
      yield block.subarray(0, end).toString().split('\n')
      position += end + 1
    } else if (bytesRead === block.length) block = Buffer.alloc(block.length * 2)
    else return position
  }
}

/** Where the last `lines` lines begin, read from the back; `missing` of them are not in this file. */
const tailStart = async (file: FileHandle, lines: number): Promise<{ position: number; missing: number }> => {
  let { size: position } = await file.stat()
  if (lines === 0) return { position, missing: 0 }
  const block = Buffer.alloc(BLOCK)
  let found = 0
  while (position > 0) {
    const from = Math.max(0, position - BLOCK)
    const { bytesRead } = await file.read(block, 0, position - from, from)
    for (let index = bytesRead - 1; index >= 0; index -= 1) {
      if (block[index] !== 10) continue
      // The first one found ends the last line.
      if (found === lines) return { position: from + index + 1, missing: 0 }
      found += 1
    }
    position = from
  }
  return { position: 0, missing: lines - found }
}
