// Records what vLLM's own scheduler does in each step of random histories, for lib/vllm/engine/recorded.test.ts:
//   node scripts/record-scheduler.ts [--seed 3] [--histories 200] [--out FILE.json.gz]
// It needs the vLLM that `bin/firedrill up --engine vllm` installs on demand. The same seed always writes the same file.
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { execa } from 'execa'
import { THREE_LETTERS } from '../lib/k6/prompt/corpus.ts'
import { cacheRoot } from '../lib/toolchain/tools.mjs'
import { findVllm } from '../lib/toolchain/vllm/install.ts'
import { outputToken } from '../lib/vllm/text/words.ts'

const FIXTURE = fileURLToPath(new URL('../lib/vllm/engine/fixtures/scheduler-0.32.0.json.gz', import.meta.url))
const RECORD = fileURLToPath(new URL('record-scheduler/record.py', import.meta.url))
/** So many different answers; the longest has as many tokens as a request of the workload may ask for. */
const ANSWERS = { count: 16, tokens: 60 }

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '3' },
    histories: { type: 'string', default: '200' },
    out: { type: 'string', default: FIXTURE },
  },
})

const vllm = await findVllm({ cacheRoot: cacheRoot(process.env), env: process.env, words: THREE_LETTERS })
if (vllm === null) {
  console.error('expected an installed vLLM, found none: `bin/firedrill up --engine vllm` installs it (docs/engine.md)')
  process.exit(1)
}
// The model's own tokens: answers that come back in a prompt are found in the cache by them.
const answer = (seed: number): number[] =>
  Array.from({ length: ANSWERS.tokens }, (_, index) => outputToken(seed, index))
const answers = Array.from({ length: ANSWERS.count }, (_, seed) => answer(seed))
const { stdout } = await execa(
  join(dirname(vllm.vllm), 'python'),
  [RECORD, vllm.model, values.seed, values.histories],
  { input: JSON.stringify(answers), stderr: 'inherit', maxBuffer: 1e9, env: { PYTHONDONTWRITEBYTECODE: '1' } },
)
const file = gzipSync(stdout, { level: 9 })
await writeFile(values.out, file)
console.log(`${values.histories} histories, ${Math.round(file.length / 1_024)} KiB → ${values.out}`)
