// How far the engine model is from a real vLLM, against the bounds that it has to keep:
//   npm run bench:engine [-- --only replay] [--json]
import process from 'node:process'
import { GROUPS } from './bench-engine/groups.ts'
import { runBench, say } from './bench/bench.ts'

process.exit(await runBench({ groups: GROUPS, given: say }))
