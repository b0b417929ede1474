/** `bin/firedrill`, loaded and waiting: its arguments come as one line of JSON on stdin. Its start is most of what a kill point costs. */
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

await Promise.all([
  import('../../lib/cli/program.ts'),
  import('../../lib/cli/controller.ts'),
  import('../../lib/cli/heal.ts'),
])
process.stdout.write('ready\n')
const args = z.array(z.string()).parse(JSON.parse(await text(process.stdin)))
process.argv.splice(2, Infinity, ...args)
await import('../../lib/cli/main.ts')
