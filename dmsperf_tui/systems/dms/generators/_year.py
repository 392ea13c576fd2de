"""The days of a school year: when there is school, and how the year is divided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

SCHOOL_DAYS = 180
GRADING_PERIODS = ("First Nine Weeks", "Second Nine Weeks", "Third Nine Weeks", "Fourth Nine Weeks")
WEEKS = 36
KINDERGARTEN_AGE = 5

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Some school days in a row: the dates of the first and the last, and how many there are."""

    first: str
    last: str
    days: int


class SchoolYear:
    """The year that ends in `year`: 180 days from the third Monday of August, Monday to Friday, no holidays.

    Dates are ISO strings, ready to send.
    """

    def __init__(self, year: int) -> None:
        self.year = year
        self.name = f"{year - 1}-{year}"
        self.days = tuple(day.isoformat() for day in _school_days(year))
        self.first, self.last = self.days[0], self.days[-1]
        self.terms = tuple(self._spans(len(GRADING_PERIODS)))
        self.weeks = tuple(self._spans(WEEKS))
        self.term_names = tuple(f"{self.name} {period}" for period in GRADING_PERIODS)
        self.session = f"{self.name} Full Year"
        self.contracts_begin = f"{year - 1}-08-01"

    def _spans(self, parts: int) -> Iterator[Span]:
        length = SCHOOL_DAYS // parts
        for start in range(0, SCHOOL_DAYS, length):
            yield Span(self.days[start], self.days[start + length - 1], length)

    def birth_date(self, grade: int, bits: int) -> str:
        """A birthday of somebody who is 5 years and `grade` old, not yet a year more, on 1 September."""
        youngest = date(self.year - 1 - KINDERGARTEN_AGE - grade, 9, 1).toordinal()
        return date.fromordinal(youngest - bits % 365).isoformat()


def _school_days(year: int) -> Iterator[date]:
    holidays = set(_holidays(year))
    day = _nth(year - 1, 8, weekday=0, n=3)
    found = 0
    while found < SCHOOL_DAYS:
        if day.weekday() < 5 and day not in holidays:
            found += 1
            yield day
        day += _DAY


def _holidays(year: int) -> Iterator[date]:
    """Labor Day, Thanksgiving week's end, the winter break, King's and Presidents' Day, the spring break."""
    yield _nth(year - 1, 9, weekday=0, n=1)
    thanksgiving = _nth(year - 1, 11, weekday=3, n=4)
    yield from _days(thanksgiving - _DAY, thanksgiving + _DAY)
    yield from _days(date(year - 1, 12, 22), date(year, 1, 2))
    yield _nth(year, 1, weekday=0, n=3)
    yield _nth(year, 2, weekday=0, n=3)
    spring = _nth(year, 3, weekday=0, n=2)
    yield from _days(spring, spring + 4 * _DAY)
    yield _nth(year, 6, weekday=0, n=1) - 7 * _DAY


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _nth(year: int, month: int, *, weekday: int, n: int) -> date:
    """The n-th Monday (0) .. Sunday (6) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
