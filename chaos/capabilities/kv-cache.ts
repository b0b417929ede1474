import { errorMessage } from '../../lib/core/errors.ts'
import { defineCapability } from '../controller/capability.ts'

/** The size of the replicas' KV cache as vLLM tells it; of several sizes the smallest. */
export default defineCapability({
  name: 'kv-cache',
  summary: 'the size of its KV cache (vllm:cache_config_info) in Prometheus',
  needs: [],

  async ask({ observe, namespace }) {
    const asked = await observe.query(`vllm:cache_config_info{namespace="${namespace}"}`).catch(errorMessage)
    const series = typeof asked === 'string' ? [] : asked
    const sizes = series.flatMap(({ labels }) => {
      const [blocks, blockSize] = [Number(labels['num_gpu_blocks']), Number(labels['block_size'])]
      const tokens = blocks * blockSize
      // In versions that tell it (0.24 and later); how often the longest request would fit.
      const fits = Number(labels['kv_cache_max_concurrency'])
      return tokens > 0 ? [{ blocks, blockSize, maxModelLen: fits > 0 ? Math.round(tokens / fits) : null }] : []
    })
    const [smallest] = sizes.sort((a, b) => a.blocks - b.blocks)
    if (smallest === undefined) {
      const found = typeof asked === 'string' ? `no answer: ${asked}` : 'no such series'
      const reason = `expected vllm:cache_config_info with num_gpu_blocks of namespace ${namespace} in Prometheus, found ${found}`
      return { ok: false, reason }
    }
    return { ok: true, ...smallest }
  },
})
