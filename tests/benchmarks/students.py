"""What a generated student costs, ready to send, beside Faker alone: microseconds, in this process."""

from __future__ import annotations

from itertools import count

import orjson
from faker import Faker

from dmsperf_tui.systems.dms.population import Population, Sizes
from tests.benchmarks import micro
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Row

STUDENT = "a student, as bytes ready to send"


def measure(bench: Bench) -> list[Row]:
    numbers = count()
    population = Population(Sizes(schools=100, students=100_000_000), seed=1, prefix="BENCH")
    faker = Faker("en_US")
    calls: micro.Calls = {
        STUDENT: (lambda: orjson.dumps(population.body("students", next(numbers))), 1),
        "Faker alone: first and last name": (lambda: (faker.first_name(), faker.last_name()), 1),
    }
    return micro.rows(bench, calls, {STUDENT: 10.0})
