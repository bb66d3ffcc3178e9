"""Words with one meaning each, and the outcomes, for `cascadelab explain`."""

WORDS = {
    "call": "What a caller wants of a callee, with all its tries; the unqualified meaning in every table.",
    "try": "One attempt of a call to get past the breaker; a retry and a hedged copy are tries of their own.",
    "attempt": "A try that was sent: it travels, waits, works and answers. A refused try is no attempt.",
    "request": "A call of a source: where the work of the whole system begins.",
    "source": "Sends requests: open loop (at a rate) or closed loop (users who wait, then think).",
    "edge": "A caller service or source and the service it calls, written `caller -> callee`.",
    "step": "One line of what an endpoint does: work, a call, or several branches in parallel.",
    "replica": "One running instance of a service, with its own slots, cores and queue.",
    "copy": "One state of a breaker: each caller replica has its own, unless `copies: shared`.",
    "trip": "A breaker copy moves into open, from closed or again from half-open. B counts trips.",
    "ledger": "N, S, F by reason, B and R. There are two of one shape: of calls (unqualified) and of tries.",
    "refusal": "A failure made by the caller's own policies: nothing was sent.",
    "goodput": "Successful requests per second at the sources.",
    "fault": "What is injected: a verb, a target and a schedule.",
    "failure": "What is observed: a call that did not end well, whatever the reason.",
    "dependant": "An endpoint with a path of mandatory steps (not optional, no fallback) to what a fault touched.",
    "bystander": "An endpoint that does not need what a fault touched.",
    "failing": "An endpoint's success share lies for 3 buckets below `healthy_share` of its baseline, for certain.",
    "avalanche": "The failing bystanders: endpoints that fail although they do not need what is broken.",
    "baseline": "From the warm-up to the first fault, or the good-day twin if that holds fewer than 200 calls.",
    "twin": "The same variant at the same seed with the faults removed: what a policy costs on a good day.",
    "degraded": "A request that succeeded although an optional step failed or a fallback answered.",
    "F by reason": "How many calls of F ended with which outcome, such as `timeout 12`; `explain timeout` says more.",
    "with the fault": "Rows below: each variant as the file stands. A cell is the mean over the seeds, ± half of its 95 % interval.",
    "on a good day": "Rows below: each variant with the faults removed: what a breaker costs when nothing is wrong.",
    "difference": "Variant minus the one it stands against, paired by seed: mean ± half of its 95 % interval.",
    "seeds above/below": "In how many seeds the variant lay above, and below, the one it stands against.",
    "p": "How likely such a difference is by luck alone (paired t test; sign test where a value is infinite); - for 1 seed.",
    "good": "A refused try is good if at that instant it would have met no fault, a free place and its own luck.",
}
"""Word -> meaning."""

OUTCOMES = {
    "ok": "answered well and in time: S of the ledger",
    "error": "F: the callee failed",
    "timeout": "F: the caller's timeout, or what the deadline left of it, passed first",
    "broken": "F: the caller's own breaker was open, or its half-open quota was used up",
    "limited": "F: the caller's own rate limiter or throttle refused",
    "bulkhead": "F: the caller's own bulkhead was full",
    "shed": "F: the callee's queue was full, or its own limiter refused",
    "unreachable": "F: the callee was down, crashed meanwhile, was cut off, or had no host",
    "expired": "F: the deadline had passed before sending",
    "cancelled": "F: the caller withdrew",
}
"""Outcome of a call or try -> what it says: S, or F by reason."""
