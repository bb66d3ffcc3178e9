"""The same queues in other simulators that can be installed, each as its own manual writes them.

Cimba has a file of its own, for its models are compiled classes. A peer that is not installed is named as such by
the table; `pip install '.[bench]'` brings them all.
"""

from tests.bench.engines.models import RATE, SERVERS, WORK_S


def ciw(customers: int, stations: int, seed: int) -> list[float]:
    """Ciw: a network of nodes. It keeps a record of every visit."""
    import ciw

    exponential = ciw.dists.Exponential
    network = ciw.create_network(
        arrival_distributions=[exponential(RATE)] + [None] * (stations - 1),
        service_distributions=[exponential(1 / WORK_S)] * stations,
        number_of_servers=[SERVERS] * stations,
        routing=[[float(to == at + 1) for to in range(stations)] for at in range(stations)],
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(customers, method="Finish")
    records = sorted(simulation.get_all_records(), key=lambda record: record.exit_date)
    return [record.waiting_time for record in records]


def salabim(customers: int, stations: int, seed: int) -> list[float]:
    """salabim: a Component for each customer. Its monitors of queues and resources are on, as by default."""
    import salabim

    salabim.yieldless(False)
    env, waits = salabim.Environment(trace=False, random_seed=seed), []
    servers = [salabim.Resource(f"server {i}", capacity=SERVERS) for i in range(stations)]
    between, work = salabim.Exponential(1 / RATE), salabim.Exponential(WORK_S)

    class Customer(salabim.Component):
        def process(self):
            for server in servers:
                arrived = env.now()
                yield self.request(server)
                waits.append(env.now() - arrived)
                yield self.hold(work.sample())
                self.release(server)

    class Source(salabim.Component):
        def process(self):
            for _ in range(customers):
                yield self.hold(between.sample())
                Customer()

    Source()
    env.run()
    return waits
