import { gibText } from '../../../../lib/vllm/hardware/memory.ts'
import type { GpuMemory } from '../../gpu-emulator/client.ts'

const MIB = 2 ** 20
const mibText = (mib: number): string => gibText(mib * MIB)

/** vllm/v1/worker/utils.py, request_memory: the same words since 0.9. */
export const notFree = ({ totalMiB, freeMiB }: GpuMemory, requestedBytes: number, utilization: number): string =>
  `ValueError: Free memory on device cuda:0 (${mibText(freeMiB)}/${mibText(totalMiB)} GiB) on startup is less than desired ` +
  `GPU memory utilization (${utilization}, ${gibText(requestedBytes)} GiB). Decrease GPU memory utilization or reduce GPU ` +
  'memory used by other processes.'

/** gpu_worker.py, determine_available_memory: who shared the device gave memory back while vLLM measured its own. */
export const memoryCameBack = (initialFreeMiB: number, freeMiB: number): string =>
  `AssertionError: Error in memory profiling. Initial free memory ${mibText(initialFreeMiB)} GiB, current free memory ` +
  `${mibText(freeMiB)} GiB. This happens when other processes sharing the same container release GPU memory while vLLM is ` +
  'profiling during initialization. To fix this, ensure consistent GPU memory allocation or isolate vLLM in its own container.'

/** PyTorch's caching allocator, when the driver has no more. */
export const outOfMemory = (
  mib: number,
  { totalMiB, freeMiB }: GpuMemory,
  ownMiB: number,
  contextMiB: number,
): string =>
  `torch.OutOfMemoryError: CUDA out of memory. Tried to allocate ${amount(mib)}. GPU 0 has a total capacity of ` +
  `${amount(totalMiB)} of which ${amount(freeMiB)} is free. Including non-PyTorch memory, this process has ${amount(ownMiB)} ` +
  `memory in use. Of the allocated memory ${amount(ownMiB - contextMiB)} is allocated by PyTorch, and 0 bytes is reserved by ` +
  'PyTorch but unallocated. If reserved but unallocated memory is large try setting ' +
  'PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.'

// --- Internal helpers ---

const amount = (mib: number): string => (mib >= 1_024 ? `${(mib / 1_024).toFixed(2)} GiB` : `${mib.toFixed(2)} MiB`)
