"""Names of people, from Faker's lists, made once: a name costs 40 us from Faker and 0.05 us from a pool.

Three locales together, as in many districts of the United States. Pools are powers of two long, so that
a few bits of a hash pick a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

FIRST_NAMES = 512
LAST_NAMES = 1024


@cache
def names() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Girls' names, boys' names, family names. Made once, which takes 90 ms: not while load waits for it."""
    from faker.providers.person.en_IN import Provider as Indian
    from faker.providers.person.en_US import Provider as American
    from faker.providers.person.es_MX import Provider as Mexican

    return (
        _pool(FIRST_NAMES, *(locale.first_names_female for locale in (American, Mexican, Indian))),
        _pool(FIRST_NAMES, *(locale.first_names_male for locale in (American, Mexican, Indian))),
        _pool(LAST_NAMES, American.last_names, Mexican.last_names),
    )


def _pool(size: int, *lists: Iterable[str]) -> tuple[str, ...]:
    distinct = dict.fromkeys(name for names in lists for name in names)
    return tuple(distinct)[:size]


def first_name(female: bool | int, bits: int) -> str:
    """A first name picked by the low 9 bits."""
    return names()[0 if female else 1][bits & (FIRST_NAMES - 1)]


def surname(bits: int) -> str:
    """A family name picked by the low 10 bits."""
    return names()[2][bits & (LAST_NAMES - 1)]
