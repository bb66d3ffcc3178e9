"""The retry policies of mbrooker/simulator_example at bbfe394 (retry_sim), as breakers that refuse retries only.

There is no back-off: a try that begins at the very instant at which one failed is its retry.
"""

from sim.policies.plugins import breaker


class OfRetries:
    """Lets every first try through."""

    failed_at = -1

    def admit(self, now_ns):
        retry, self.failed_at = now_ns == self.failed_at, -1
        if not retry:
            self.first_try()
            return "first"
        return "retry" if self.may_retry() else None

    def settle(self, now_ns, ticket, outcome):
        if outcome.failed:
            self.failed_at = now_ns
            self.failure()

    def first_try(self): ...
    def failure(self): ...


@breaker("retry-bucket")
class Bucket(OfRetries):
    """A tenth of a token for each first try; a retry costs one, and more than one must be there."""

    def __init__(self, size=5.0, earn=0.1):
        self.size, self.earn = size, earn
        self.tokens = size

    def first_try(self):
        self.tokens = min(self.size, self.tokens + self.earn)

    def may_retry(self):
        if self.tokens > 1.0:
            self.tokens -= 1.0
            return True
        return False


@breaker("retry-breaker")
class Breaker(OfRetries):
    """Retries while failed tries are at most a tenth of first tries, both since the start."""

    def __init__(self, ratio=0.1):
        self.ratio = ratio
        self.first = self.failed = 0

    def first_try(self):
        self.first += 1

    def failure(self):
        self.failed += 1

    def may_retry(self):
        return self.failed <= self.ratio * self.first
