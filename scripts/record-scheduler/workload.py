"""Random engines and what happens to them: small, so that every limit is met."""

CHUNKS = [0, 0, 5, 20]
WATERMARKS = [0, 0, 0.05, 0.2]
SHARED_LENGTHS = [0, 8, 17, 32, 48]


def draw_config(random):
    """Only such as vLLM would start with: the cache has room for the longest request, an unchunked step for its prompt."""
    block_size = random.choice([1, 2, 4, 8, 16])
    max_model_len = random.randint(60, 160)
    needed = -(-max_model_len // block_size)
    chunks = random.random() < 0.75
    seats = random.randint(1, 10)
    budget = max(random.randint(8, random.choice([24, 120])), seats)
    return {
        "blockSize": block_size,
        "numGpuBlocks": 1 + needed + random.randint(0, needed),
        "maxModelLen": max_model_len,
        "maxNumSeqs": seats,
        "maxNumBatchedTokens": budget if chunks else max(budget, max_model_len),
        "enablePrefixCaching": random.random() < 0.65,
        "policy": random.choice(["fcfs", "priority"]),
        "reserveFullPrompt": random.random() < 0.6,
        "watermark": random.choice(WATERMARKS),
        "longPrefillTokenThreshold": random.choice(CHUNKS),
        "enableChunkedPrefill": chunks,
    }


class Workload:
    """`requests` are those drawn so far; prompts are lists of pieces: ["text" or "answer", which, how many tokens]."""

    def __init__(self, random, config, answers):
        self.random = random
        self.config = config
        self.answers = answers
        self.requests = []
        self.still = random.randint(8, 36)
        # Some histories are never paused, so that others are worth their steps.
        self.pauses = random.random() < 0.5
        self.is_paused = False

    def happenings(self, turn, is_during, unfinished, may_resume):
        """What comes at one moment: before a step, or while it is under way. `unfinished` can be aborted."""
        random = self.random
        happenings = []
        if self.still > 0 and random.random() < 0.22:
            for _ in range(random.randint(1, 4)):
                happenings += [{"add": index} for index in self._draw(turn)]
        if unfinished and random.random() < 0.02:
            # Now and then one that has ended long ago.
            index = random.choice(unfinished if random.random() < 0.9 else range(len(self.requests)))
            happenings.append({"abort": index})
        if random.random() < 0.008:
            # Whether a reset that is not forced succeeds, the model says at once; vLLM when the step is over.
            happenings.append({"reset": is_during or random.random() < 0.5})
        if not self.is_paused:
            if self.pauses and random.random() < 0.012:
                self.is_paused = True
                mode = random.choice(["abort", "wait", "wait", "keep", "keep"])
                happenings.append({"pause": mode, "clearCache": random.random() < 0.5})
        elif may_resume and random.random() < 0.2:
            self.is_paused = False
            happenings.append({"resume": True})
        return happenings

    def is_over(self):
        return self.still <= 0 and not self.is_paused

    def prompt_of(self, index):
        """Text n has the tokens 2000 + 1000·n and so on; all ids of answers are smaller."""
        tokens = []
        for kind, which, length in self.requests[index]["prompt"]:
            if kind == "answer":
                tokens += self.answers[which][:length]
            else:
                tokens += range(2_000 + 1_000 * which, 2_000 + 1_000 * which + length)
        return tokens

    def answer_of(self, index):
        return self.answers[self.requests[index]["answer"]]

    def _draw(self, turn):
        """One request, or with `n` several of one prompt."""
        random = self.random
        first = len(self.requests)
        self.still -= 1
        count = random.randint(2, 4) if random.random() < 0.08 else 1
        prompt = self._draw_prompt(first)
        natural = random.randint(1, 60) if random.random() < 0.4 else None
        shared = {
            "prompt": prompt,
            "maxTokens": random.randint(1, 60),
            "priority": random.randint(0, 2),
            "arrivedAt": turn - first % 3,
        }
        for sibling in range(count):
            name = str(first) if count == 1 else f"{sibling}_{first}"
            answer = random.randrange(len(self.answers))
            self.requests.append({"id": name, **shared, "answer": answer, "naturalLength": natural})
        return range(first, first + count)

    def _draw_prompt(self, number):
        random = self.random
        pieces = []
        if self.requests and random.random() < 0.15:
            # The next turn of a conversation: it repeats what was said and answered.
            before = random.choice(self.requests)
            pieces = [*before["prompt"], ["answer", before["answer"], random.randint(1, before["maxTokens"])]]
        elif (shared := random.choice(SHARED_LENGTHS)) > 0:
            pieces = [["text", random.randint(0, 2), shared]]
        own = ["text", random.randint(3, 6) if random.random() < 0.1 else 10 + number, random.randint(1, 40)]
        return cut([*pieces, own], self.config["maxModelLen"] - 1)


def cut(pieces, most):
    kept = []
    for kind, which, length in pieces:
        if (length := min(length, most)) > 0:
            kept.append([kind, which, length])
            most -= length
    return kept
