import type { HardwarePreset } from './preset.ts'

/** Llama-3.1-8B in bf16 on one device unless said otherwise. None was measured on a GPU by this project: estimates from the sources named. */
const h100: HardwarePreset = {
  name: 'h100',
  summary: 'NVIDIA H100 80GB HBM3, an 8B model in bf16',
  source:
    'Floor and prefill: Vidur profiles (5.6 ms, 20.5 µs/token) and BLIS fits on vLLM 0.11 (6.5 ms, 19.8 µs/token) agree. ' +
    'Pairs: 4 × 4,096 × 32 operations in attention, at half of 989 TFLOPS. Context: 128 KiB of KV per token over 3.35 TB/s. ' +
    'Per sequence: CPU work, an estimate. Request: BLIS (10.3 ms), reply: an estimate.',
  device: 'NVIDIA H100 80GB HBM3',
  memoryMiB: 81_008,
  maxNumBatchedTokens: 8_192,
  maxNumSeqs: 1_024,
  blockSize: 16,
  baseMs: 6.5,
  prefillMs: 0.02,
  pairMs: 1.1e-6,
  decodeMs: 0.015,
  contextMs: 4e-5,
  crowdMs: 0,
  waitingMs: 0,
  requestMs: 10,
  replyMs: 1,
  loadGiBPerSecond: 2,
  warmUpMs: 25_000,
}

const a100: HardwarePreset = {
  name: 'a100',
  summary: 'NVIDIA A100-SXM4-80GB, an 8B model in bf16',
  source:
    'Floor and prefill: Vidur profile of Llama-3-8B (9.8 ms, 67 µs/token) plus head and sampling. Pairs: 524,288 operations at ' +
    '65 % of 312 TFLOPS. Context: 128 KiB over 2.0 TB/s. Per sequence: an estimate. Request: BLIS on vLLM 0.8.4 (7.7 ms).',
  device: 'NVIDIA A100-SXM4-80GB',
  memoryMiB: 81_050,
  maxNumBatchedTokens: 2_048,
  maxNumSeqs: 256,
  blockSize: 16,
  baseMs: 12,
  prefillMs: 0.067,
  pairMs: 2.6e-6,
  decodeMs: 0.03,
  contextMs: 6.5e-5,
  crowdMs: 0,
  waitingMs: 0,
  requestMs: 8,
  replyMs: 1,
  loadGiBPerSecond: 2,
  warmUpMs: 30_000,
}

const l4: HardwarePreset = {
  name: 'l4',
  summary: 'NVIDIA L4, an 8B model in bf16',
  source:
    'Roofline only, no measurement known: 16 GB of weights and 128 KiB of KV per token over 300 GB/s; products and attention at ' +
    '50 % of 121 TFLOPS. Per sequence, request and reply: estimates.',
  device: 'NVIDIA L4',
  memoryMiB: 22_563,
  maxNumBatchedTokens: 2_048,
  maxNumSeqs: 256,
  blockSize: 16,
  baseMs: 55,
  prefillMs: 0.265,
  pairMs: 8.7e-6,
  decodeMs: 0.05,
  contextMs: 4.4e-4,
  crowdMs: 0,
  waitingMs: 0,
  requestMs: 10,
  replyMs: 1,
  loadGiBPerSecond: 1,
  warmUpMs: 40_000,
}

/** What replays use by default, as the recordings were made with it. */
export const cpu: HardwarePreset = {
  name: 'cpu',
  summary: 'one CPU core, a 6-layer Llama of hidden size 384',
  source:
    'firedrill engine fit on three recordings of a real vLLM 0.32.0 (CPU build): 370 requests, gauges every 0.25 s.',
  device: 'CPU',
  memoryMiB: 8_192,
  maxNumBatchedTokens: 4_096,
  maxNumSeqs: 256,
  blockSize: 128,
  baseMs: 6.563,
  prefillMs: 0.1947,
  pairMs: 1.515e-4,
  decodeMs: 0.3484,
  contextMs: 4.55e-4,
  crowdMs: 0.6123,
  waitingMs: 0.1041,
  requestMs: 3.488,
  replyMs: 0.2969,
  loadGiBPerSecond: 1,
  warmUpMs: 2_000,
}

/**
 * Synthetic, no machine is like this: an H100 slowed by 30 ms a step, so that a step of a full batch (some 330
 * sequences) takes 50 to 60 ms, and a thousand streams over three replicas cost two CPU cores little.
 */
const drill: HardwarePreset = {
  ...h100,
  name: 'drill',
  summary: 'synthetic: an H100 slowed to 50-60 ms per full step, for 1,000 streams on two CPU cores',
  source: 'The h100 preset with a longer constant part; chosen for the drill, not measured anywhere.',
  baseMs: 36.5,
  loadGiBPerSecond: 4,
  warmUpMs: 4_000,
}

export const PRESETS: Readonly<Record<string, HardwarePreset>> = { h100, a100, l4, cpu, drill }
