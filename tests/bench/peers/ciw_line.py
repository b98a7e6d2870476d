"""Ciw: a network of five queues with blocking; arrivals that find the first queue full are turned away."""

import ciw


def run(parts: int, seed: int, failing: bool) -> float:
    if failing:
        raise NotImplementedError("Ciw knows no failures on the operating clock")
    ciw.seed(seed)
    exponential = ciw.dists.Exponential(rate=1.0)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Deterministic(0.5), None, None, None, None],
        service_distributions=[exponential] * 5,
        number_of_servers=[1] * 5,
        queue_capacities=[3, 5, 5, 5, 5],
        routing=[[1.0 if b == a + 1 else 0.0 for b in range(5)] for a in range(5)],
    )
    simulation = ciw.Simulation(network)
    time = parts / 0.79
    simulation.simulate_until_max_time(time)
    return simulation.nodes[-1].number_of_completed_individuals / time
