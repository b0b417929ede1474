// What k6/x/llm measures wrong, and what it costs, against the bounds that it has to keep:
//   npm run bench:load [-- --only open-loop,closed-loop,cost,memory,poisson] [--json]
import { availableParallelism } from 'node:os'
import process from 'node:process'
import { makeBench } from './bench-load/bench.ts'
import { GROUPS } from './bench-load/groups.ts'
import { runBench, say } from './bench/bench.ts'

if (availableParallelism() < 2) {
  console.error('expected two cores, one for the client and one for the server, found one')
  process.exit(64)
}
const abort = new AbortController()
process.once('SIGINT', () => abort.abort(new Error('interrupted')))

process.exit(
  await runBench({
    groups: GROUPS,
    given: makeBench(say, abort.signal),
    remark: (load) => (load > 0.5 ? ': BUSY, the figures are worse than the client is' : ''),
    signal: abort.signal,
  }),
)
