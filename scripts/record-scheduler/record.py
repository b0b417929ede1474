"""Plays random histories on vLLM's engine core, and writes what it did in each step: started by record-scheduler.ts.

Usage: record.py MODEL SEED HISTORIES < the token ids of all answers, as JSON > the recording, as JSON
"""

import json
import os
import random
import sys

os.environ.update(VLLM_LOGGING_LEVEL="ERROR", HF_HUB_OFFLINE="1", VLLM_NO_USAGE_STATS="1", OMP_NUM_THREADS="1")
# vLLM and what it imports print to standard output.
RECORDING = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import vllm  # noqa: E402
from engine_core import END_OF_SEQUENCE, EngineCore, PlayedModel, base_config, make_request, vllm_config  # noqa: E402
from workload import Workload, draw_config  # noqa: E402


class History:
    """One engine from its first request until the last one has ended."""

    def __init__(self, base, answers, seed):
        self.random = random.Random(seed)
        self.config = draw_config(self.random)
        self.workload = Workload(self.random, self.config, answers)
        full = vllm_config(base, self.config)
        self.core = EngineCore(full, PlayedModel(self._sample, self._during))
        self.requests = []
        self.index = {}
        self.over = set()
        self.preemptions = []
        self.computed = []
        self.turn = {}
        self.turns = []

    def play(self):
        while not self.workload.is_over() or self.core.has_work() or self.core.is_pausing():
            self._take_turn()
        planned = self.workload.requests
        return {"config": self.config, "requests": planned, "turns": self.turns}

    def _take_turn(self):
        """Some input, a step where there is work, and what came meanwhile: one round of vLLM's busy loop."""
        self.turn = {}
        self._happen("before")
        self.core._process_input_queue()
        self.computed = [request.num_computed_tokens for request in self.requests]
        if self.core.has_work():
            self.core._process_engine_step()
        self.core._process_input_queue()
        outputs = self.core.read()
        if "step" in self.turn:
            self._note_step(outputs)
        self._note("answers", [output.utility_output.result.result for output in outputs if is_answer(output)])
        over = [index for index, request in enumerate(self.requests) if request.is_finished()]
        ended = [[index, str(self.requests[index].get_finished_reason())] for index in over if index not in self.over]
        self.over.update(over)
        self._note("finished", ended)
        self.turns.append(self.turn)

    def _note(self, name, some):
        if some:
            self.turn[name] = some

    def _happen(self, when):
        unfinished = [index for index, request in enumerate(self.requests) if not request.is_finished()]
        happenings = self.workload.happenings(
            len(self.turns), when == "during", unfinished, not self.core.is_pausing()
        )
        for happening in happenings:
            match happening:
                case {"add": index}:
                    request = make_request(self.config, self.workload.requests[index], self.workload.prompt_of(index))
                    self.requests.append(request)
                    self.index[request.request_id] = index
                    self.core.send_add(request)
                case {"abort": index}:
                    self.core.send_abort(self.requests[index].request_id)
                case {"reset": running}:
                    self.core.send_call("reset_prefix_cache", running, True)
                case {"pause": mode, "clearCache": clear}:
                    self.core.send_call("pause_scheduler", mode, clear)
                case {"resume": True}:
                    self.core.send_call("resume_scheduler")
        self._note(when, happenings)

    def _during(self, scheduled):
        """The step is chosen: notes how much further everybody is, and who was preempted since the last that was not empty."""
        advance = {}
        for index, computed in enumerate(self.computed):
            if (tokens := self.requests[index].num_computed_tokens - computed) != 0:
                advance[str(index)] = tokens
        self.turn["step"] = {"advance": advance}
        if advance:
            times = [request.num_preemptions for request in self.requests]
            before = self.preemptions + [0] * (len(times) - len(self.preemptions))
            more = [[index] * (times[index] - before[index]) for index in range(len(times))]
            self.turn["step"]["preempted"] = sum(more, [])
            self.preemptions = times
        if scheduled.total_num_scheduled_tokens > 0:
            self._happen("during")

    def _sample(self, request_id):
        index = self.index[request_id]
        request = self.requests[index]
        if request.num_computed_tokens < request.num_tokens:
            return []
        made = request.num_output_tokens
        is_last = made + 1 == self.workload.requests[index]["naturalLength"]
        return [END_OF_SEQUENCE if is_last else self.workload.answer_of(index)[made]]

    def _note_step(self, outputs):
        stats = next(output.scheduler_stats for output in outputs if output.scheduler_stats is not None)
        told = [one for output in outputs for one in output.outputs if one.new_token_ids]
        self.turn["step"] |= {
            "emitted": [self.index[one.request_id] for one in told],
            "running": stats.num_running_reqs,
            "waiting": stats.num_waiting_reqs,
            "usedBlocks": round(stats.kv_cache_usage * (self.config["numGpuBlocks"] - 1)),
            "queries": stats.prefix_cache_stats.queries,
            "hits": stats.prefix_cache_stats.hits,
        }


def is_answer(output):
    """Of a reset; a pause and its end answer nothing."""
    called = output.utility_output
    return called is not None and isinstance(called.result.result, bool)


def main():
    model, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    answers = json.load(sys.stdin)
    base = base_config(model)
    histories = [History(base, answers, f"{seed} {number}").play() for number in range(count)]
    about = f"What vLLM's engine core did: node scripts/record-scheduler.ts --seed {seed} --histories {count}"
    recording = {"about": about, "vllm": vllm.__version__, "histories": histories}
    json.dump(recording, RECORDING, separators=(",", ":"))
    RECORDING.close()


main()
