"""Each form of a report against the published schema, and with hostile names."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolemend.audit.accepted import Acceptance
from rolemend.audit.comparison import Comparison, Earlier, compare
from rolemend.audit.formats.table import COLUMNS, guarded
from rolemend.audit.model import Report
from rolemend.audit.render import FORMATS, render
from tests.audit.reports import every, finding, report

LANGUAGES = ("en", "zh")
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


def compared(found: Report) -> Comparison:
    """Something new, something fixed, something gone, something accepted and something whose time is over."""
    failed = found.failed()
    passed = next(each for each in found.findings if each.answer == "passed")
    gone = finding(name="deleted")
    before = report(*failed[1:], msgspec.structs.replace(passed, answer="failed"), gone)
    comparison = compare(
        found,
        Earlier(run="20260130T180000Z", report=before, comparison=compare(before)),
        (
            Acceptance(id=failed[2].id, reason="=planned", until="2026-12-31", by="li.wei"),
            Acceptance(id=failed[3].id, reason="until then", until="2026-01-30"),
        ),
    )
    return msgspec.structs.replace(comparison, fixed=(*comparison.fixed, gone))


@cache
def sarif_schema() -> Any:
    path = Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json"
    return jsonschema.Draft4Validator(json.loads(path.read_text("utf-8")))


@cache
def ocsf_schema(version: str) -> Any:
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version)).get_class_schema(
        "compliance_finding", ["cloud"]
    )
    return jsonschema.Draft202012Validator(schema)


def sarif(found: Report, language: str = "en", comparison: Comparison | None = None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(found, "sarif", language, comparison))
    assert not list(sarif_schema().iter_errors(document))
    (run,) = document["runs"]
    return dict(run)


def ocsf(found: Report, language: str = "en", comparison: Comparison | None = None) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(render(found, "ocsf", language, comparison))
    for event in events:
        assert not list(ocsf_schema(event["metadata"]["version"]).iter_errors(event))
    return events


def table(found: Report, language: str = "en", comparison: Comparison | None = None) -> list[dict[str, str]]:
    written = render(found, "csv", language, comparison).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(written, newline=""), strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("beside", [False, True])
def test_sarif_is_valid_by_its_schema(language: str, beside: bool) -> None:
    found = every()
    run = sarif(found, language, compared(found) if beside else None)
    kinds = Counter(each["kind"] for each in run["results"] if each.get("baselineState") != "absent")
    assert kinds == {"fail": len(found.failed()), "open": kinds["open"]}
    assert kinds["open"] == sum(each.answer == "unknown" for each in found.findings)


def test_sarif_s_schema_is_one_that_refuses() -> None:
    document = json.loads(render(every(), "sarif"))
    document["runs"][0]["results"][0]["level"] = "terrible"
    assert list(sarif_schema().iter_errors(document))


def test_sarif_names_what_is_incomplete_before_the_results() -> None:
    written = render(every(), "sarif").decode()
    assert written.index("the read was refused: <b>") < written.index('"results"')
    assert sarif(every())["invocations"][0]["executionSuccessful"] is False
    assert sarif(report(finding()))["invocations"][0]["executionSuccessful"] is True
    assert sarif(report(finding(answer="unknown")))["invocations"][0]["executionSuccessful"] is False


def test_sarif_s_messages_hold_neither_links_nor_placeholders() -> None:
    run = sarif(report(finding(statement="[click](http://evil.example/) {0} \\")))
    (result,) = run["results"]
    assert r"\[click\](http://evil.example/) {{0}} \\" in result["message"]["text"]


def test_sarif_tells_new_known_fixed_and_accepted_apart() -> None:
    found = every()
    comparison = compared(found)
    results = sarif(found, comparison=comparison)["results"]
    states = Counter(each.get("baselineState") for each in results)
    assert states["new"] == 1
    assert states["absent"] == len(comparison.fixed) == 2
    assert states[None] == sum(each.answer == "unknown" for each in found.findings)
    (held,) = [each for each in results if "suppressions" in each]
    assert held["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "=planned"}]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("beside", [False, True])
def test_ocsf_is_valid_by_the_schema_of_the_version_it_names(language: str, beside: bool) -> None:
    found = every()
    events = ocsf(found, language, compared(found) if beside else None)
    by_id = {event["finding_info"]["uid"]: event for event in events}
    names = {"passed": "Pass", "failed": "Fail", "unknown": "Unknown", "not_applicable": "Other"}
    for each in found.findings:
        assert by_id[each.id]["compliance"]["status"] == names[each.answer]


def test_ocsf_s_schema_is_one_that_refuses() -> None:
    (event,) = ocsf(report(finding()))
    assert list(ocsf_schema(event["metadata"]["version"]).iter_errors({**event, "verdict_of_ours": 1}))


def test_ocsf_names_what_is_incomplete_first_and_as_unknown() -> None:
    first, second, *_ = ocsf(every())
    assert "the read was refused: <b>" in first["message"]
    assert {each["compliance"]["status"] for each in (first, second)} == {"Unknown"}


def test_ocsf_tells_new_known_fixed_and_accepted_apart() -> None:
    found = every()
    comparison = compared(found)
    events = ocsf(found, comparison=comparison)
    new = [event for event in events[2:] if event["unmapped"]["state"] == "new"]
    assert [event["activity_id"] for event in new] == [1]
    assert sum(event["activity_id"] == 3 for event in events) == len(comparison.fixed)
    (held,) = [event for event in events if event["status_id"] == 3]
    assert held["comment"] == "2026-12-31: =planned"
    gone = next(event for event in events[2:] if event["resources"][0]["name"] == "deleted")
    assert gone["compliance"]["status"] == "Other"


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_is_one_table_with_what_is_incomplete_first(language: str) -> None:
    found = every()
    lines = table(found, language, compared(found))
    assert set(lines[0]) == set(COLUMNS)
    assert [each["kind"] for each in lines[:4]] == ["report", "report", "report", "role"]
    assert [each["answer"] for each in lines[:2]] == ["unknown", "unknown"]
    answers = Counter(each["answer"] for each in lines if each["id"])
    assert answers == Counter(each.answer for each in found.findings) + Counter(gone=1)
    assert Counter(each["state"] for each in lines)["fixed"] == 2


@given(TEXTS)
def test_no_cell_is_a_formula_and_none_is_lost(cell: str) -> None:
    written = guarded(cell)
    assert not written.lstrip(" ").startswith(tuple("=+-@\t\r\n＝＋－＠"))  # noqa: RUF001
    assert written.removeprefix("'") == cell if written != cell else not cell.startswith("'")


@given(TEXTS)
def test_csv_holds_any_name(name: str) -> None:
    lines = table(report(finding(name=name, subject=name, statement=name)))
    assert [len(each) for each in lines] == [len(COLUMNS)] * 2
    for cell in lines[1].values():
        assert not cell.lstrip(" ").startswith(tuple("=+-@\t\r\n＝＋－＠"))  # noqa: RUF001
        assert cell.isprintable()


@given(TEXTS)
def test_json_sarif_and_ocsf_hold_any_name(name: str) -> None:
    found = report(finding(name=name, subject=name, statement=name, evidence=(name,)), incomplete=(name,))
    assert json.loads(render(found, "json"))["findings"][0]["place"]["name"] == name
    sarif(found)
    ocsf(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_json_is_the_report_with_its_sentences(language: str) -> None:
    found = every()
    written = render(found, "json", language)
    assert msgspec.json.decode(written, type=Report) == found
    document = json.loads(written)
    assert list(document)[:3] == ["schema", "complete", "incomplete"]
    assert document["complete"] is False
    assert "the read was refused: <b>" in document["incomplete"][0]["text"]
    assert (re.search("[一-鿿]", document["incomplete"][0]["text"]) is not None) == (language == "zh")
    assert written.decode().removesuffix("\n").isprintable()


def test_a_passed_finding_is_never_made_of_an_unknown_one() -> None:
    found = report(finding(answer="unknown", name="Secret"))
    assert "passed" not in {each["answer"] for each in table(found)}
    assert b'"Pass"' not in render(found, "ocsf")
    assert b'"pass"' not in render(found, "sarif")


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match="paper"):
        render(report(), "paper")


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_report_has_every_form(form: str) -> None:
    assert render(report(), form, "zh")
