export type VllmProcess = 'APIServer' | 'EngineCore'
export type Level = 'INFO' | 'WARNING' | 'ERROR'

export type LogLine = (process: VllmProcess, level: Level, place: string, text: string) => void

export interface Log {
  /** `(APIServer pid=1) INFO 11-22 01:27:45 [launcher.py:195] …`; each line of a longer text gets the prefix. */
  line: LogLine
  /** The id that lines of this process carry. */
  pidOf(process: VllmProcess): number
  /** uvicorn's own lines: `INFO:     Application startup complete.` */
  uvicorn(text: string): void
  /** What is written before there is a logger to ask: an uncaught error. */
  plain(text: string): void
}

/** vLLM's log format: no year, no zone, the source line in brackets. */
export const createLog = (
  write: (text: string) => void,
  pidOf: (process: VllmProcess) => number,
  now: () => Date,
): Log => ({
  pidOf,
  line: (process, level, place, text) => {
    const prefix = `(${process} pid=${pidOf(process)}) ${level} ${timestamp(now())} [${place}] `
    write(
      `${text
        .split('\n')
        .map((line) => prefix + line)
        .join('\n')}\n`,
    )
  },
  uvicorn: (text) => write(`INFO:     ${text}\n`),
  plain: (text) => write(`${text}\n`),
})

// --- Internal helpers ---

const two = (value: number): string => String(value).padStart(2, '0')

const timestamp = (at: Date): string =>
  `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
