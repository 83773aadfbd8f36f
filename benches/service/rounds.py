"""Rounds: each contender is measured once in every one, in an order that changes, so that none has the quiet minute."""

import contextlib
import random
import sys
from collections.abc import Sequence

from .contenders import Contender, Sample

WARM_UP = 1.0


def run(contenders: Sequence[Contender], rounds: int, seconds: float, seed: int = 1) -> dict[str, list[Sample]]:
    """All servers run all the time, and are idle while it is another's turn."""
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    order = random.Random(seed)
    with contextlib.ExitStack() as stack:
        servers = [(contender, stack.enter_context(contender.start())) for contender in contenders]
        for contender, server in servers:
            contender.measure(server, WARM_UP)
        for number in range(rounds):
            order.shuffle(servers)
            for contender, server in servers:
                samples[contender.name].append(contender.measure(server, seconds))
            print(f"  round {number + 1} of {rounds}", file=sys.stderr)
    return samples
