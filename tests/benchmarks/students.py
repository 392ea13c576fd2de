"""What a generated student costs, ready to send, beside Faker alone: microseconds, in this process."""

from __future__ import annotations

from itertools import count
from random import Random

import orjson
from faker import Faker

from dmsperf_tui.systems.dms import data
from tests.benchmarks import micro
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Row

STUDENT = "a student, as bytes ready to send"


def measure(bench: Bench) -> list[Row]:
    random = Random(1)
    numbers = count()
    faker = Faker("en_US")
    calls: micro.Calls = {
        STUDENT: (lambda: orjson.dumps(data.student(f"bench-{next(numbers)}", random)), 1),
        "Faker alone: first and last name": (lambda: (faker.first_name(), faker.last_name()), 1),
    }
    return micro.rows(bench, calls, {STUDENT: 10.0})
