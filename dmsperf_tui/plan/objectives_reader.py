"""Files of objectives (`config/objectives/*.toml`) -> objectives. They use the threshold grammar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.metrics import BUILT_IN, MetricType
from dmsperf_tui.plan.objectives import (
    CONCURRENCY,
    EXPECTED,
    MEASURES,
    RESPONSE_TIMES,
    Level,
    Objective,
    ObjectiveSet,
)
from dmsperf_tui.plan.scenario import System
from dmsperf_tui.plan.scenario_file import File, MetricName, Name, explain
from dmsperf_tui.plan.thresholds import Scope, Threshold, parse_threshold
from dmsperf_tui.plan.units import parse_duration_s


class _Words(File):
    """A level that nothing measures, of something that is measured."""

    words: str


class _Entry(File):
    title: str
    description: str = ""


class _Category(_Entry):
    objectives: list[str] = Field(min_length=1)


class _Concurrency(_Entry):
    scenario: str
    vus: int | None = Field(default=None, ge=1, strict=True)
    objectives: dict[str, list[str]] = Field(default_factory=dict)


class _Measure(_Entry):
    metric: str | None = None
    objectives: list[str] = Field(default_factory=list)
    value: str | None = None
    per: Literal["1s", "1m"] = "1s"


class _ObjectiveFile(File):
    title: str
    description: str = ""
    system: System
    metrics: dict[MetricName, MetricType] = Field(default_factory=dict)
    levels: dict[Name, str] = Field(default_factory=dict)
    categories: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    concurrency: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    measures: dict[Name, dict[str, Any]] = Field(default_factory=dict)


_Model = TypeVar("_Model", bound=BaseModel)


def parse_objectives(name: str, data: Mapping[str, Any]) -> ObjectiveSet:
    """A file's content -> objectives. Raises ConfigError, with the key, for whatever does not fit."""
    try:
        file = _ObjectiveFile.model_validate(data)
    except ValidationError as error:
        raise explain(error, _ObjectiveFile) from None
    for metric in file.metrics:
        if metric in BUILT_IN:
            raise ConfigError("is a built-in metric", key=f"metrics.{metric}", mend="choose another name")
    taken = {*_Category.model_fields, *_Concurrency.model_fields, *_Measure.model_fields}
    for level in file.levels:
        if level in taken:
            raise ConfigError("is a key of objectives", key=f"levels.{level}", mend="choose another name")
    objectives = tuple(_Reader(file).read())
    if not objectives:
        raise ConfigError("has no objective", mend="add [categories.NAME] or [measures.NAME]")
    return ObjectiveSet(
        name, file.title, file.description, file.system, file.levels, file.metrics, objectives
    )


class _Reader:
    """The tables of one file -> objectives, in the order of the groups."""

    def __init__(self, file: _ObjectiveFile) -> None:
        self._file = file

    def read(self) -> Iterator[Objective]:
        for name, table in self._file.categories.items():
            yield from self._category(name, f"categories.{name}", table)
        for name, table in self._file.concurrency.items():
            yield from self._concurrency(f"concurrency.{name}", table)
        for name, table in self._file.measures.items():
            yield from self._measure(f"measures.{name}", table)

    def _category(self, name: str, key: str, table: dict[str, Any]) -> Iterator[Objective]:
        entry, levels = self._entry(_Category, key, table)
        metric = f"http_req_duration{{category:{name},{':'.join(EXPECTED)}}}"
        measured = self._judged(metric, entry.objectives, key)
        yield from self._with_levels(RESPONSE_TIMES, entry, measured, levels, key)

    def _concurrency(self, key: str, table: dict[str, Any]) -> Iterator[Objective]:
        entry, levels = self._entry(_Concurrency, key, table)
        if levels:
            raise ConfigError("is for categories and measures", key=f"{key}.{next(iter(levels))}")
        measured = self._judged("vus_max", [f"value>={entry.vus}"] if entry.vus else [], key)
        for metric, expressions in entry.objectives.items():
            measured += self._judged(metric, expressions, key, f".{metric}")
        if not measured:
            raise ConfigError("has nothing to reach", key=key, mend="add vus = N or objectives = {...}")
        for one in self._with_levels(CONCURRENCY, entry, measured, {}, key):
            yield replace(one, scenario=entry.scenario)

    def _measure(self, key: str, table: dict[str, Any]) -> Iterator[Objective]:
        entry, levels = self._entry(_Measure, key, table)
        if (entry.value is None) == (not entry.objectives):
            what = "is for what is only shown" if entry.objectives else "has nothing to show"
            raise ConfigError(what, key=f"{key}.value", mend="give objectives = [...] or value = ...")
        if entry.metric is None:
            yield from self._in_words(entry, levels, key)
        elif entry.value is not None:
            yield self._shown(entry, entry.metric, entry.value, levels, key)
        else:
            if entry.per != "1s":
                raise ConfigError("is for what is only shown", key=f"{key}.per", mend="rates are per second")
            measured = self._judged(entry.metric, entry.objectives, key)
            yield from self._with_levels(MEASURES, entry, measured, levels, key)

    def _in_words(self, entry: _Measure, levels: dict[str, Any], key: str) -> Iterator[Objective]:
        if entry.value is not None:
            raise ConfigError("needs a metric", key=f"{key}.value", mend="add metric = ...")
        said = tuple(
            Level(name, " or ".join(texts), None)
            for name, level in levels.items()
            if (texts := self._texts(level, f"{key}.{name}"))
        )
        for words in entry.objectives:
            yield Objective(MEASURES, entry.title, None, words, said, description=entry.description)

    def _shown(
        self, entry: _Measure, metric: str, method: str, levels: dict[str, Any], key: str
    ) -> Objective:
        if levels:
            raise ConfigError("needs an objective", key=f"{key}.{next(iter(levels))}")
        # Any bound does: what is held against nothing is measured as if it were.
        measure = self._threshold(metric, f"{method}>=0", f"{key}.value")
        per_s = parse_duration_s(entry.per)
        if per_s != 1 and (measure.type, measure.method) != (MetricType.COUNTER, "rate"):
            raise ConfigError("is for the rate of a counter", key=f"{key}.per", mend="leave it out")
        return Objective(MEASURES, entry.title, measure, "", per_s=per_s, description=entry.description)

    def _entry(self, model: type[_Model], key: str, table: dict[str, Any]) -> tuple[_Model, dict[str, Any]]:
        """The entry, and what it says of levels, the worst last."""
        known = [*model.model_fields, *self._file.levels]
        for name in table:
            if name not in known:
                raise ConfigError(f"unknown key {name!r}", key=f"{key}.{name}", mend=nearest(name, known))
        levels = {name: table[name] for name in self._file.levels if name in table}
        try:
            rest = {name: value for name, value in table.items() if name not in levels}
            return model.model_validate(rest), levels
        except ValidationError as error:
            found = explain(error, model)
            raise ConfigError(found.what, key=f"{key}.{found.key}", mend=found.mend) from None

    def _judged(self, metric: str, expressions: Iterable[str], key: str, below: str = "") -> list[Threshold]:
        return [self._threshold(metric, text, f"{key}.objectives{below}") for text in expressions]

    def _threshold(self, metric: str, expression: str, key: str) -> Threshold:
        try:
            threshold = parse_threshold(metric, expression, self._file.metrics)
        except ConfigError as error:
            raise ConfigError(error.what, key=key, mend=error.mend) from None
        if threshold.scope is not Scope.RUN:
            raise ConfigError(
                f"{expression!r} is not over the whole run", key=key, mend="windows are for thresholds"
            )
        if threshold.name == "vus":
            mend = "vus_max has the most that were there at once"
            raise ConfigError("vus is 0 when a run is over", key=key, mend=mend)
        _possible(threshold, key)
        return threshold

    def _with_levels(
        self, group: str, entry: _Entry, measured: list[Threshold], levels: dict[str, Any], key: str
    ) -> Iterator[Objective]:
        """Each with the levels that look at the same figure."""
        found: set[tuple[object, ...]] = set()
        for one in measured:
            # Of two bounds in one direction, one says nothing.
            bound = one.name, tuple(sorted(one.tags)), one.method, one.percentile, one.comparison[0]
            if bound in found:
                again = f"{one.expression!r} bounds what another objective of {entry.title!r} does"
                raise ConfigError(again, key=f"{key}.objectives", mend="keep one of them")
            found.add(bound)
        of_each: dict[int, list[Level]] = {index: [] for index in range(len(measured))}
        for name, level in levels.items():
            where = f"{key}.{name}"
            if isinstance(level, Mapping):
                of_each[0].append(Level(name, self._words(level, where), None))
                continue
            for text in self._texts(level, where):
                threshold = self._threshold(measured[0].metric, text, where)
                of_each[self._place(threshold, measured, where)].append(Level(name, text, threshold))
        for index, one in enumerate(measured):
            yield Objective(
                group, entry.title, one, one.expression, tuple(of_each[index]), description=entry.description
            )

    def _place(self, level: Threshold, measured: list[Threshold], key: str) -> int:
        """The objective that the level belongs to."""
        figure = level.method, level.percentile
        same = [index for index, one in enumerate(measured) if (one.method, one.percentile) == figure]
        for index in same:
            if (sign := measured[index].comparison[0]) not in "<>" or sign != level.comparison[0]:
                return index
        if same:
            raise ConfigError(
                f"{level.expression!r} points where its objective {measured[same[0]].expression!r} does",
                key=key,
                mend="a level is what must not be reached: turn its sign",
            )
        mend = f"there are {', '.join(one.expression for one in measured)}"
        raise ConfigError(f"{level.expression!r} is of no objective's figure", key=key, mend=mend)

    @staticmethod
    def _texts(level: Any, key: str) -> list[str]:
        texts = level if isinstance(level, list) else [level]
        if not texts or not all(isinstance(text, str) for text in texts):
            raise ConfigError("is no level", key=key, mend='write "p(95)>450"')
        return texts

    @staticmethod
    def _words(level: Mapping[str, Any], key: str) -> str:
        try:
            return _Words.model_validate(level).words
        except ValidationError:
            raise ConfigError("is no level", key=key, mend='write { words = "..." }') from None


def _possible(threshold: Threshold, key: str) -> None:
    """Raises ConfigError for a bound that no value can keep, or that lies beyond all values."""
    if threshold.type is MetricType.RATE:
        most, mend = 1.0, "a share goes from 0 to 1: rate<0.05 is 5 %"
    elif threshold.name in BUILT_IN:
        most, mend = inf, "it is never below 0"
    else:
        # The scenario's own may be of anything.
        return
    bound, comparison = threshold.bound, threshold.comparison
    never = (comparison, bound) in (("<", 0.0), (">", most))
    if never or not 0 <= bound <= most:
        raise ConfigError(f"{threshold.expression!r} has an impossible bound", key=key, mend=mend)
