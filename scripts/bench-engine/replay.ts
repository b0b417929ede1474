import { readFile } from 'node:fs/promises'
import { cpu } from '../../lib/vllm/hardware/presets.ts'
import { boundText, errorText } from '../../lib/vllm/recording/error-text.ts'
import { parseRecording } from '../../lib/vllm/recording/format.ts'
import { judgeReplay } from '../../lib/vllm/recording/fit.ts'
import type { Line } from '../bench/line.ts'

const RECORDINGS = new URL('../../lib/vllm/fixtures/vllm-0.32.0/', import.meta.url)

/** The recordings of a real vLLM in the model, with the `cpu` preset: how far off each is. */
export const replays = async (): Promise<Line[]> => {
  const lines: Line[] = []
  for (const name of ['saturate', 'climb', 'prefix']) {
    const recording = parseRecording(await readFile(new URL(`${name}.json`, RECORDINGS), 'utf8'), name)
    for (const error of judgeReplay(recording, cpu)) {
      lines.push({
        group: name,
        what: error.what,
        bound: boundText(error, error.bound),
        measured: errorText(error),
        value: error.value,
        state: error.holds ? 'ok' : 'miss',
      })
    }
  }
  return lines
}
