"""Calls that hang until their deadline and keep their thread. Rates per second, times in seconds.

B. Beyer, C. Jones, J. Petoff, N. R. Murphy (eds.), Site Reliability Engineering (O'Reilly 2016), ch. 22, "Bimodal
latency": 1000 threads, 1000 calls/s of 100 ms, one in twenty hangs until a deadline of 100 s: 80.4 % are errors.
"""

from sim.validation.formulas.queues import erlang_b


def refused(threads: int, rate: float, work: float, hanging: float, deadline: float) -> float:
    """Share of calls that find no thread, and none waits for one: Erlang's loss formula, whatever the law."""
    return erlang_b(threads, rate * ((1.0 - hanging) * work + hanging * deadline))


def completed(threads: int, rate: float, work: float, hanging: float, deadline: float) -> float:
    """Share of calls that are answered: admitted, and not one of those that hang."""
    return (1.0 - refused(threads, rate, work, hanging, deadline)) * (1.0 - hanging)


def first_refusal(threads: int, rate: float, work: float, hanging: float) -> float:
    """From the first call that may hang until threads run out, in the fluid limit."""
    return (threads - rate * (1.0 - hanging) * work) / (rate * hanging)
