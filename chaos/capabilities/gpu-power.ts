import type { GpuPower } from '../../lib/core/capability.ts'
import { defineCapability } from '../controller/capability.ts'
import { askPod } from '../exec/ask.ts'

const QUERY = ['nvidia-smi', '--query-gpu=uuid,power.limit,power.min_limit', '--format=csv,noheader,nounits']

/** The power limits in force, as the driver tells them inside the serving containers: each sees its own GPUs only. */
export default defineCapability({
  name: 'gpu-power',
  summary: 'GPUs whose power limit nvidia-smi tells',
  needs: ['pods:get', 'pods/exec:create', 'pods/exec:get'],

  async ask({ kube, namespace, selector, pods }) {
    const ready = pods.filter((pod) => pod.ready)
    const answers = await Promise.all(ready.map(({ name }) => askPod(kube, namespace, name, QUERY)))
    const gpus = Object.fromEntries(
      ready.flatMap(({ uid }, index) => {
        const answer = answers[index]
        const found = answer?.ok === true ? parse(answer.stdout) : []
        return found.length === 0 ? [] : [[uid, found]]
      }),
    )
    if (Object.keys(gpus).length > 0) return { ok: true, gpus }
    const refusal = answers.find((answer) => !answer.ok)
    const found = refusal?.ok === false ? refusal.reason : 'none'
    return {
      ok: false,
      reason: `expected a ready pod of "${selector}" with a GPU that has a power limit, found: ${found}`,
    }
  },
})

// --- Internal helpers ---

/** `GPU-6e3…, 700.00, 200.00`; a device without a limit says `[N/A]`. */
const parse = (text: string): GpuPower[] =>
  text.split('\n').flatMap((line) => {
    const [uuid = '', limit, least] = line.split(',').map((part) => part.trim())
    const [limitWatts, leastWatts] = [Number(limit), Number(least)]
    return /^(GPU|MIG)-/.test(uuid) && limitWatts > 0 && leastWatts > 0 ? [{ uuid, limitWatts, leastWatts }] : []
  })
