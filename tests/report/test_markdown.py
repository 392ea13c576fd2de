"""The summary in Markdown, read by a parser of GitHub's kind."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dmsperf_tui.plan.plain import line
from dmsperf_tui.report.markdown import MOST_OPERATIONS, code, markdown_summary, table, words
from dmsperf_tui.report.summary import (
    ErrorPart,
    EventPart,
    ObjectivePart,
    Summary,
    ThresholdPart,
    Validity,
)
from tests.report.records import summary

GITHUB = MarkdownIt("gfm-like")
UNSEEN = "\u200b"
ROGUE = "a|b\n| c | `d` <img src=x> &lt; @octocat #12 [x](http://e.vil) www.e.vil **b** __u__ \\| $1$ x@e.vil"


class Cells(HTMLParser):
    """The tables of a page: each a list of rows of cells, and all tags that are there."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.tags: set[str] = set()
        self._within = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")
            self._within = True

    def handle_endtag(self, tag: str) -> None:
        self._within = self._within and tag not in ("th", "td")

    def handle_data(self, data: str) -> None:
        if self._within:
            self.tables[-1][-1][-1] += data


def read(text: str) -> Cells:
    return Cells(GITHUB.render(text))


def section(text: str, title: str) -> str:
    return text.partition(f"### {title}\n")[2].partition("\n### ")[0]


def rows(text: str, title: str) -> Iterator[list[str]]:
    (found,) = read(section(text, title)).tables
    yield from found[1:]


def test_the_result_comes_first_then_what_ran() -> None:
    text = markdown_summary(summary())
    assert text.startswith(
        "## ❌ Failed (99: a threshold failed): dms/smoke\n\n"
        "Missed: <code>http_req_duration max&#60;2000</code>, "
    )
    assert "\n\nVerdict on the load generator: ⚠️ suspect (worker 2 was lost)\n\n" in text
    first = read(text).tables[0]
    assert dict(zip(*first, strict=True)) == {
        "Scenario": "dms/smoke",
        "Profile": "dev",
        "Environment": "embedded",
        "Duration": "50s",
        "VUs": "12",
        "Requests": "1,000",
        "Rate": "20.0/s",
        "Failed": "2.50%",
    }
    passed = summary()
    passed.run.exit_code = 0
    assert markdown_summary(passed, level=4).startswith("#### ✅ Passed: dms/smoke\n")
    passed.run.state = "stopped"
    assert markdown_summary(passed).startswith("## ✅ Passed (stopped by hand): dms/smoke\n")


def test_each_threshold_is_told_with_what_was_measured() -> None:
    found = {row[2]: (row[0], row[3]) for row in rows(markdown_summary(summary()), "Thresholds")}
    assert found["p(95)<2000"] == ("✅ met", "p(95)=12.00ms")
    assert found["max<2000"] == ("❌ missed", "max=2.03s")
    assert found["p(95)<100 over 10s"] == ("❌ missed", "p(95)=130.00ms, first broken at 00:23")
    assert found["avg<1"] == ("– nothing measured", "nothing measured")


def test_the_slowest_operations_are_there_and_the_rest_is_counted() -> None:
    record = summary()
    record.operations = [
        record.operations[0].model_copy(update={"name": f"GET {number}", "p95": float(number)})
        for number in range(MOST_OPERATIONS + 4)
    ]
    text = markdown_summary(record)
    names = [row[0] for row in rows(text, "Operations")]
    assert names == [f"GET {number}" for number in range(MOST_OPERATIONS + 3, 3, -1)]
    assert f"The {MOST_OPERATIONS} slowest by p95; 4 more in the record." in text
    assert "more in the record" not in markdown_summary(summary())


def test_events_are_those_by_hand_and_findings_are_all() -> None:
    text = markdown_summary(summary())
    assert section(text, "Events").split("\n- ")[1:] == [
        "00:12 VUs 1 to 12 over 10s (applied in 0.01 s)",
        "1:01:40 deployed build 42\n",
    ]
    for words_ in ("all 20 VUs were busy", "first 5s were a warm-up", "try-out", "Sped up 4 times"):
        assert words_ in section(text, "Findings")


def test_a_run_whose_load_never_started_says_why() -> None:
    whole = summary().run
    began = {"exit_code": 107, "state": "failed", "started_at": "", "duration_s": 0.0, "warm_up_s": 0.0}
    record = Summary(
        run=whole.model_copy(update=began),
        validity=Validity(verdict="valid"),
        metrics={},
        operations=[],
        workloads={},
        segments=[],
        thresholds=[],
        checks=[],
        errors=[],
        events=[],
        timeline=[],
        generator={},
        manifest={},
        histograms={},
    )
    record.run.message = "no DMS at http://dms.test"
    text = markdown_summary(record)
    assert text.startswith("## ❌ Failed (107: no load was made): dms/smoke\n\n**no DMS at ")
    assert "### " not in text


def rogue(text: str) -> Summary:
    """A record with this text wherever a server or a flow can have a say."""
    record = summary()
    record.run.message = text
    record.operations[0].name = text
    record.errors = [
        ErrorPart(operation=text, phase=text, kind=text, count=1, first_s=0, last_s=0, sample=text)
    ]
    record.events = [EventPart(at_s=1.0, kind="note", text=text)]
    record.validity.findings = record.validity.reasons = [text]
    return record


def test_what_a_server_says_stays_words() -> None:
    text = markdown_summary(rogue(ROGUE))
    page = read(text)
    assert not page.tags & {"a", "img", "b", "em", "s", "del"}
    assert (text.count("@"), text.count("$")) == (0, 0), "as signs they would be names and mathematics"
    (row,) = rows(text, "Errors")
    assert [len(row), row[3].replace(UNSEEN, "")] == [4, line(ROGUE)]
    assert "@" + UNSEEN + "octocat" in row[3]


@given(
    st.text(alphabet=st.sampled_from("ab1 |\\`*_~<>&#@[]()!:/.-+=$'\"\n\twhtps"), max_size=40)
    | st.text(max_size=40)
)
def test_any_text_is_one_cell_and_reads_as_it_is(text: str) -> None:
    (found,) = read("\n".join(table(["a", "b"], [[code(text), words(text)]]))).tables
    told = [re.sub(f"[{UNSEEN}\\s]+", "", html.unescape(cell)) for cell in found[1]]
    assert told == [re.sub(r"\s+", "", line(text))] * 2


def test_objectives_are_told_once_with_their_margin() -> None:
    record = summary()
    auth = {"group": "Response times", "title": "Auth", "metric": "http_req_duration{category:auth}"}
    record.objectives = [
        ObjectivePart(**auth, expression="p(50)<100", value=80.0, ok=True, margin=0.2),
        ObjectivePart(**auth, expression="p(95)<300", value=500.0, ok=False, margin=-2 / 3, level="alert"),
        ObjectivePart(
            group="Concurrency", title="Quiz", metric="a", expression="rate<1", value=None, ok=None
        ),
        ObjectivePart(
            group="Measures", title="AI", metric="b", expression="", value=96.0, unit="/min", ok=None
        ),
    ]
    record.thresholds += [
        ThresholdPart(metric=auth["metric"], expression="p(50)<100", ok=True, value=80.0),
        ThresholdPart(metric=auth["metric"], expression="p(95)<300", ok=False, value=500.0),
    ]
    text = markdown_summary(record)
    assert list(rows(text, "Objectives")) == [
        ["✅ met", "Response times: Auth", "p(50)<100", "80.00ms", "+20%"],
        ["❌ missed, ⚠️ alert", "Response times: Auth", "p(95)<300", "500.00ms", "-67%"],
        ["–", "Measures: AI", "", "96 /min", "-"],
    ]
    assert "Not measured: Quiz." in section(text, "Objectives")
    assert "<code>Auth p(95)&#60;300</code>" in text.partition("Verdict")[0]
    assert "p(95)&#60;300" in section(text, "Thresholds"), "a missed one decides"
    assert "p(50)&#60;100" not in section(text, "Thresholds"), "these stand with the objectives"


def test_a_category_of_which_all_failed_is_missed_and_said_first() -> None:
    record = summary()
    book = {"group": "Response times", "title": "Gradebook", "metric": "http_req_duration{category:g}"}
    record.objectives = [
        ObjectivePart(**book, expression="p(95)<1000", value=None, ok=False),
        ObjectivePart(**{**book, "title": "Search"}, expression="p(95)<200", value=None, ok=None),
    ]
    own = ThresholdPart(metric=book["metric"], expression="p(95)<1000", ok=False, value=None)
    record.thresholds = [own]
    text = markdown_summary(record)
    assert next(rows(text, "Thresholds")) == ["❌ missed", book["metric"], "p(95)<1000", "all failed"]
    record.manifest["objectives"] = {"gate": True}
    text = markdown_summary(record)
    assert list(rows(text, "Objectives")) == [
        ["❌ missed", "Response times: Gradebook", "p(95)<1000", "all failed", "-"]
    ]
    assert "Not measured: Search." in text
    assert "Missed: <code>Gradebook p(95)&#60;1000</code>" in text


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (148.2, "ms", "148.20ms"),
        (0.0712, "share", "7.12%"),
        (96.4, "/min", "96.4 /min"),
        (133.0, "VUs", "133 VUs"),
        (0.08, "", "0.08"),
    ],
)
def test_what_was_measured_has_its_unit(value: float, unit: str, said: str) -> None:
    record = summary()
    record.objectives = [
        ObjectivePart(group="g", title="t", metric="m", expression="x<1", value=value, unit=unit, ok=True)
    ]
    assert next(rows(markdown_summary(record), "Objectives"))[3] == said
