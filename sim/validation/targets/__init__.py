"""Every target by name, in the order in which they are run and shown."""

from sim.validation.target import Target
from sim.validation.targets.bimodal import SRE_BIMODAL
from sim.validation.targets.breakers import AMPLIFICATION, BREAKER_BERNOULLI, TRIP_TIME
from sim.validation.targets.estimators import ESTIMATORS
from sim.validation.targets.metastable import HOTOS21_THRESHOLD
from sim.validation.targets.networks import HEDGING, NETWORKS
from sim.validation.targets.overload import ADAPTIVE_THROTTLE, SHOPIFY, SUBSEQUENT_OVERLOAD
from sim.validation.targets.queue_pack import QUEUE_PACK
from sim.validation.targets.random_numbers import RANDOM_NUMBERS
from sim.validation.targets.resiliency import ICSA20_BREAKER

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        QUEUE_PACK,
        NETWORKS,
        HEDGING,
        AMPLIFICATION,
        BREAKER_BERNOULLI,
        TRIP_TIME,
        HOTOS21_THRESHOLD,
        SRE_BIMODAL,
        ICSA20_BREAKER,
        ADAPTIVE_THROTTLE,
        SUBSEQUENT_OVERLOAD,
        SHOPIFY,
        ESTIMATORS,
        RANDOM_NUMBERS,
    )
}
