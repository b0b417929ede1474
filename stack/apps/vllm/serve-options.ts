/** How an option takes its value, and what it has to look like. `flag` has a `--no-` form, `switch` has none; `list` is one or more. */
export type Kind = (typeof KINDS)[number]

const KINDS = [
  'flag',
  'switch',
  'list',
  'maybe',
  'text',
  'int',
  'optional-int',
  'float',
  'optional-float',
  'size',
  'optional-size',
  'length',
] as const

export interface ServeOption {
  /** Its first name, without the dashes. */
  name: string
  kind: Kind
  /** All of its names as they are written, the `--no-` form included. */
  strings: readonly string[]
}

/** Every option of `vllm serve` 0.32.0, in its order: name, kind, other names. Made from what its `make_arg_parser` returns. */
const VLLM_0_32 = `
--headless switch
--api-server-count int -asc
--config text
--grpc switch
--lora-modules list
--chat-template text
--chat-template-content-format text
--trust-request-chat-template flag
--trust-request-mm-kwargs flag
--default-chat-template-kwargs text
--response-role text
--return-tokens-as-token-ids flag
--enable-auto-tool-choice flag
--exclude-tools-when-tool-choice-none flag
--tool-call-parser text
--tool-parser-plugin text
--tool-strict-level text
--tool-server text
--max-log-len optional-int
--enable-prompt-tokens-details flag
--enable-per-request-metrics flag
--enable-server-load-tracking flag
--enable-force-include-usage flag
--sse-keep-alive-interval int
--enable-tokenizer-info-endpoint flag
--enable-log-outputs flag
--enable-log-deltas flag
--cohere-is-reasoning-model flag
--cohere-format text
--anthropic-disabled-thinking-effort text
--log-error-stack flag
--tokens-only flag
--enable-scale-out flag
--fingerprint-mode text
--fingerprint-value text
--host text
--port int
--grpc-port optional-int
--data-parallel-supervisor-port int
--dp-supervisor-probe-interval-s float
--dp-supervisor-probe-timeout-s float
--dp-supervisor-probe-failure-threshold int
--uds text
--uvicorn-log-level text
--disable-uvicorn-access-log flag
--disable-access-log-for-endpoints text
--allow-credentials flag
--allowed-origins text
--allowed-methods text
--allowed-headers text
--api-key list
--ssl-keyfile text
--ssl-certfile text
--ssl-ca-certs text
--enable-ssl-refresh flag
--ssl-cert-reqs int
--ssl-ciphers text
--root-path text
--middleware text
--enable-request-id-headers flag
--disable-fastapi-docs flag
--h11-max-incomplete-event-size int
--h11-max-header-count int
--enable-offline-docs flag
--enable-flash-late-interaction flag
--model text
--runner text
--convert text
--tokenizer text
--tokenizer-mode text
--trust-remote-code flag
--dtype text
--seed int
--hf-config-path text
--allowed-local-media-path text
--allowed-media-domains list
--revision text
--code-revision text
--tokenizer-revision text
--max-model-len length
--quantization text -q
--quantization-config text
--allow-deprecated-quantization flag
--enforce-eager flag
--enable-return-routed-experts flag
--return-sampling-mask flag
--max-logprobs int
--logprobs-mode text
--use-fp64-gumbel flag
--enable-trace-replay flag
--disable-sliding-window flag
--disable-cascade-attn flag
--skip-tokenizer-init flag
--enable-prompt-embeds flag
--served-model-name list
--config-format text
--hf-token maybe
--hf-overrides text
--model-class-overrides text
--pooler-config text
--generation-config text
--override-generation-config text
--enable-sleep-mode flag
--sleep-mode-offload-cudagraph flag
--sleep-preserve-parameter-names list
--enable-cumem-allocator flag
--enable-nccl-comm-suspend flag
--model-impl text
--logits-processors list
--io-processor-plugin text
--renderer-num-workers int
--load-format text
--download-dir text
--safetensors-load-strategy text
--safetensors-prefetch-num-threads int
--safetensors-prefetch-block-size size
--model-loader-extra-config text
--ignore-patterns list
--use-tqdm-on-load flag
--pt-load-map-location text
--attention-backend text
--mamba-backend text
--mamba-ssu-algorithm text
--enable-mamba-cache-stochastic-rounding flag
--mamba-cache-philox-rounds int
--reasoning-parser text
--reasoning-parser-plugin text
--distributed-executor-backend text
--pipeline-parallel-size int -pp
--master-addr text
--master-port int
--nnodes int -n
--node-rank int -r
--distributed-timeout-seconds optional-int
--cpu-distributed-timeout-seconds optional-int
--numa-bind flag
--numa-bind-nodes list
--numa-bind-cpus list
--device-ids text
--tensor-parallel-size int -tp
--decode-context-parallel-size int -dcp
--dcp-comm-backend text
--dcp-q-replicate flag
--dcp-kv-cache-interleave-size int
--cp-kv-cache-interleave-size int
--prefill-context-parallel-size int -pcp
--data-parallel-size int -dp
--data-parallel-rank int -dpn
--data-parallel-start-rank int -dpr
--data-parallel-size-local int -dpl
--data-parallel-address text -dpa
--data-parallel-rpc-port int -dpp
--data-parallel-backend text -dpb
--data-parallel-hybrid-lb flag -dph
--data-parallel-external-lb flag -dpe
--data-parallel-multi-port-external-lb switch -dpm
--enable-hc-sp flag
--enable-expert-parallel flag -ep
--enable-batch-sharded-sampling flag
--enable-ep-weight-filter flag
--all2all-backend text
--enable-dbo flag
--enable-shm-tensor-arena flag
--ubatch-size int
--enable-elastic-ep flag
--elastic-ep-max-dp-size int
--dbo-decode-token-threshold int
--dp-sync-interval int
--dbo-prefill-token-threshold int
--disable-nccl-for-dp-synchronization flag
--enable-eplb flag
--eplb-config text
--expert-placement-strategy text
--max-parallel-loading-workers optional-int
--ray-workers-use-nsight flag
--disable-custom-all-reduce flag
--worker-cls text
--worker-extension-cls text
--enable-fault-tolerance flag
--fault-tolerance-config text
--block-size int
--gpu-memory-utilization float --device-memory-utilization
--kv-cache-memory-bytes optional-size
--kv-cache-dtype text
--num-gpu-blocks-override optional-int
--enable-prefix-caching flag
--prefix-caching-hash-algo text
--prefix-cache-retention-interval optional-int
--kv-cache-dtype-skip-layers list
--kv-sharing-fast-prefill flag
--swa-bounded-replay flag
--mamba-cache-dtype text
--mamba-ssm-cache-dtype text
--mamba-block-size optional-int
--prefix-match-unit optional-int
--mamba-cache-mode text
--enable-mamba-shared-prefix-checkpoint flag
--replayssm-buffer-len int
--use-replayssm flag
--kv-offloading-size optional-float
--kv-offloading-backend text
--offload-backend text
--cpu-offload-gb float
--cpu-offload-params list
--offload-group-size int
--offload-num-in-group int
--offload-prefetch-step int
--offload-params list
--language-model-only flag
--limit-mm-per-prompt text
--enable-mm-embeds flag
--media-io-kwargs text
--mm-processor-kwargs text
--mm-processor-cache-gb float
--mm-processor-cache-type text
--mm-hasher-algorithm text
--mm-shm-cache-max-object-size-mb int
--mm-encoder-only flag
--mm-encoder-tp-mode text
--mm-encoder-attn-backend text
--mm-encoder-attn-dtype text
--mm-encoder-fp8-scale-path text
--mm-encoder-fp8-scale-save-path text
--mm-encoder-fp8-scale-save-margin float
--interleave-mm-strings flag
--skip-mm-profiling flag
--video-pruning-rate optional-float
--video-pruning-method text
--mm-tensor-ipc text
--mm-processor-device text
--mm-ipc-gpu-memory-gb float
--mm-device-do-normalize flag
--enable-lora flag
--max-loras int
--max-lora-rank int
--lora-dtype text
--enable-tower-connector-lora flag
--max-cpu-loras optional-int
--fully-sharded-loras flag
--lora-target-modules list
--default-mm-loras text
--specialize-active-lora flag
--enable-mixed-moe-lora-format flag
--enable-moe-shared-loras flag
--max-lora-cls-labels optional-int
--logging-config text
--log-level text
--log-config-file text
--show-hidden-metrics-for-version text
--otlp-traces-endpoint text
--collect-detailed-traces list
--per-request-spec-decode-metrics text
--kv-cache-metrics flag
--kv-cache-metrics-sample float
--custom-histogram-buckets text
--cudagraph-metrics flag
--enable-layerwise-nvtx-tracing flag
--enable-mfu-metrics flag
--enable-logging-iteration-details flag
--jit-monitor-mode text
--jit-monitor-verbose flag
--max-num-batched-tokens size
--max-num-scheduled-tokens optional-size
--max-num-seqs int
--max-num-active-seqs optional-int
--max-num-queued-reqs optional-int
--max-num-queued-tokens optional-size
--long-prefill-token-threshold int
--long-prefill-token-threshold-adaptive flag
--scheduling-policy text
--enable-chunked-prefill flag
--disable-chunked-mm-input flag
--scheduler-cls text
--scheduler-reserve-full-isl flag
--watermark float
--prefill-schedule-interval int
--disable-hybrid-kv-cache-manager flag
--async-scheduling flag
--stream-interval int
--cudagraph-capture-sizes list
--max-cudagraph-capture-size int
--ir-op-priority text
--enable-flashinfer-autotune flag
--moe-backend text
--linear-backend text
--sparse-indexer-topk-backend text
--speculative-config text -sc
--spec-method text
--spec-model text
--spec-tokens int
--watermark-config text
--diffusion-config text -dc
--kv-transfer-config text
--kv-events-config text
--ec-transfer-config text
--ec-manager-config text
--compilation-config text -cc
--attention-config text -ac
--engram-config text
--reasoning-config text
--kernel-config text
--additional-config text
--structured-outputs-config text
--aux-output-config text
--profiler-config text
--optimization-level text
--performance-mode text
--weight-transfer-config text
--disable-log-stats switch
--aggregate-engine-logging switch
--fail-on-environ-validation flag
--shutdown-timeout int
--gdn-prefill-backend text
--kda-prefill-backend text
--kda-decode-backend text
--enable-log-requests flag
`

/** Of older releases, and the emulator's own. */
const OTHERS = `
--disable-log-requests flag
--vllm-version text
`

const readOption = (line: string): ServeOption => {
  const [first = '', written = '', ...others] = line.split(' ')
  const kind = KINDS.find((known) => known === written)
  if (kind === undefined) throw new Error(`expected a kind of option, found "${written}" in "${line}"`)
  const negated = kind === 'flag' ? [first.replace('--', '--no-')] : []
  return { name: first.slice(2), kind, strings: [first, ...negated, ...others] }
}

export const SERVE_OPTIONS: readonly ServeOption[] = `${VLLM_0_32}${OTHERS}`
  .split('\n')
  .filter((line) => line !== '')
  .map(readOption)
