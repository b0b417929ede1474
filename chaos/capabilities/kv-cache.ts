import { defineCapability } from '../controller/capability.ts'

/** The size of the replicas' KV cache as vLLM tells it; of several sizes the smallest. */
export default defineCapability({
  name: 'kv-cache',
  summary: 'the size of its KV cache (vllm:cache_config_info) in Prometheus',
  needs: [],

  async ask({ observe, namespace }) {
    // Prometheus out of reach: nothing is known, as without the series.
    const series = await observe.query(`vllm:cache_config_info{namespace="${namespace}"}`).catch(() => [])
    const sizes = series.flatMap(({ labels }) => {
      const [blocks, blockSize] = [Number(labels['num_gpu_blocks']), Number(labels['block_size'])]
      const tokens = blocks * blockSize
      // In versions that tell it (0.24 and later); how often the longest request would fit.
      const fits = Number(labels['kv_cache_max_concurrency'])
      return tokens > 0 ? [{ blocks, blockSize, maxModelLen: fits > 0 ? Math.round(tokens / fits) : null }] : []
    })
    const [smallest] = sizes.sort((a, b) => a.blocks - b.blocks)
    if (smallest === undefined) {
      const reason = `expected vllm:cache_config_info with num_gpu_blocks of namespace ${namespace} in Prometheus, found no such series`
      return { ok: false, reason }
    }
    return { ok: true, ...smallest }
  },
})
