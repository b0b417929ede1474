"""vLLM's own engine core and scheduler, without processes, sockets or a model: who plays decides what is sampled."""

import copy
import queue
from concurrent.futures import Future

import torch
from vllm.engine.arg_utils import EngineArgs
from vllm.sampling_params import SamplingParams
from vllm.utils.hashing import sha256
from vllm.v1.core.kv_cache_utils import get_request_block_hasher, init_none_hash
from vllm.v1.core.sched.scheduler import Scheduler
from vllm.v1.engine import EngineCoreRequestType
from vllm.v1.engine.core import EngineCoreProc, EngineShutdownState
from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec
from vllm.v1.outputs import ModelRunnerOutput
from vllm.v1.request import Request
from vllm.v1.structured_output import StructuredOutputManager

END_OF_SEQUENCE = 1_000_000

init_none_hash(sha256)


def base_config(model):
    """What no history changes. The model's weights are never loaded."""
    arguments = EngineArgs(model=model, dtype="float32", load_format="dummy", enforce_eager=True, max_model_len=256)
    return arguments.create_engine_config()


def vllm_config(base, config):
    """Set after vLLM's own check, which knows only the block sizes that its kernels have."""
    full = copy.deepcopy(base)
    full.model_config.max_model_len = config["maxModelLen"]
    scheduler = full.scheduler_config
    scheduler.max_model_len = config["maxModelLen"]
    scheduler.max_num_seqs = config["maxNumSeqs"]
    scheduler.max_num_batched_tokens = config["maxNumBatchedTokens"]
    scheduler.max_num_scheduled_tokens = None
    scheduler.policy = config["policy"]
    scheduler.scheduler_reserve_full_isl = config["reserveFullPrompt"]
    scheduler.watermark = config["watermark"]
    scheduler.long_prefill_token_threshold = config["longPrefillTokenThreshold"]
    scheduler.enable_chunked_prefill = config["enableChunkedPrefill"]
    scheduler.async_scheduling = False
    full.cache_config.block_size = config["blockSize"]
    full.cache_config.num_gpu_blocks = config["numGpuBlocks"]
    full.cache_config.enable_prefix_caching = config["enablePrefixCaching"]
    return full


def make_scheduler(full):
    block_size = full.cache_config.block_size
    attention = FullAttentionSpec(block_size=block_size, num_kv_heads=1, head_size=1, dtype=torch.float32)
    return Scheduler(
        vllm_config=full,
        kv_cache_config=KVCacheConfig(
            num_blocks=full.cache_config.num_gpu_blocks,
            kv_cache_tensors=[],
            kv_cache_groups=[KVCacheGroupSpec(["layer"], attention)],
        ),
        structured_output_manager=StructuredOutputManager(full),
        block_size=block_size,
        log_stats=True,
    )


def make_request(config, planned, prompt):
    parameters = SamplingParams(max_tokens=planned["maxTokens"])
    parameters._eos_token_id = END_OF_SEQUENCE
    caches = config["enablePrefixCaching"]
    return Request(
        request_id=planned["id"],
        prompt_token_ids=prompt,
        sampling_params=parameters,
        pooling_params=None,
        arrival_time=float(planned["arrivedAt"]),
        priority=planned["priority"] if config["policy"] == "priority" else 0,
        block_hasher=get_request_block_hasher(config["blockSize"], sha256) if caches else None,
    )


class PlayedModel:
    """Stands where the executor does. `during` is called while a step is under way."""

    def __init__(self, sample, during):
        self.sample = sample
        self.during = during

    def execute_model(self, scheduled, non_block):
        self.during(scheduled)
        ids = list(scheduled.num_scheduled_tokens)
        output = Future()
        output.set_result(
            ModelRunnerOutput(
                req_ids=ids,
                req_id_to_index={request: index for index, request in enumerate(ids)},
                sampled_token_ids=[self.sample(request) for request in ids],
                logprobs=None,
                prompt_logprobs_dict={},
                pooler_output=[],
            )
        )
        return output

    def collective_rpc(self, method):
        pass

    def reset_mm_cache(self):
        pass

    def reset_encoder_cache(self):
        pass


class EngineCore(EngineCoreProc):
    """EngineCoreProc from its queues inwards; its constructor would start a model and sockets."""

    def __init__(self, full, model):
        self.vllm_config = full
        self.log_stats = True
        self.scheduler = make_scheduler(full)
        self.model_executor = model
        self.input_queue = queue.Queue()
        self.aborts_queue = queue.Queue()
        self.output_queue = queue.Queue()
        self.batch_queue = None
        self.engines_running = False
        self.shutdown_state = EngineShutdownState.RUNNING
        self.process_input_queue_block = False
        self.step_fn = self.step
        self.check_for_draft_tokens = False
        self.mm_receiver_cache = None
        self._idle_state_callbacks = []
        self._weight_version = None

    def send_add(self, request):
        self.input_queue.put_nowait((EngineCoreRequestType.ADD, (request, 0)))

    def send_abort(self, request_id):
        """Into both queues, as the thread that reads vLLM's socket does."""
        self.aborts_queue.put_nowait([request_id])
        self.input_queue.put_nowait((EngineCoreRequestType.ABORT, [request_id]))

    def send_call(self, method, *arguments):
        self.input_queue.put_nowait((EngineCoreRequestType.UTILITY, (0, 0, method, arguments)))

    def read(self):
        """What the front end would get."""
        outputs = []
        while not self.output_queue.empty():
            outputs.append(self.output_queue.get_nowait()[1])
        return outputs

    def is_pausing(self):
        """A pause was asked for, and its caller still waits for the answer."""
        return len(self._idle_state_callbacks) > 0
