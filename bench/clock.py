"""Two clocks: the one on the wall, and the time that cores gave to this process and its children.

On a machine that does other things too the second is the steadier one. Where all cores are busy,
as in training on a processor, what takes half the core seconds is twice as fast.
"""

import resource
import time
from typing import NamedTuple


class Seconds(NamedTuple):
    wall: float
    cores: float


def now() -> Seconds:
    """Children count when they have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Seconds(time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used))


def since(began: Seconds) -> Seconds:
    ended = now()
    return Seconds(ended.wall - began.wall, ended.cores - began.cores)
