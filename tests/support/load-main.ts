import process from 'node:process'
import type { LoadOptions } from '../../lib/k6/runner.ts'
import { startLoad } from '../../lib/k6/runner.ts'

/** A program that starts a load and is then killed: argv[2] is its options as JSON. */
const options = JSON.parse(process.argv[2] ?? '') as Omit<LoadOptions, 'onEvent' | 'signal'> // written by the test
const load = await startLoad({
  ...options,
  onEvent: ({ what }) => process.stdout.write(`${what}\n`),
  signal: new AbortController().signal,
})
await load.finished
