"""The pages of audit reports: what a run found, what changed since the one before, and its files."""

from __future__ import annotations

import csv
import io
import json
import re
import time

import msgspec
import pytest

from rolemend.audit.accepted import Acceptance
from rolemend.audit.archive import compare_with_kept, keep
from rolemend.audit.model import Report
from rolemend.audit.render import FORMATS
from rolemend.console import reports
from tests.audit.reports import ENDED, every, finding, many, report
from tests.console.browsing import Doorman, Reader, text
from tests.work.scene import Scene

FIRST, SECOND = "20260131T180000Z", "20260201T180000Z"


def kept(scene: Scene, made: Report, *accepted: Acceptance) -> None:
    noted, comparison = compare_with_kept(scene.store, made, accepted)
    keep(scene.store, noted, comparison, "en")


def two_runs() -> Reader:
    """A finding that stays, a new one, one that is fixed, one that is gone, and one that is accepted."""
    scene, day = Scene(), ENDED + 86_400
    stays, fixed, gone, held = (finding(name=name) for name in ("stays", "fixed", "gone", "held"))
    kept(scene, report(stays, fixed, gone, held))
    right = finding(name="fixed", answer="passed")
    acceptance = Acceptance(id=held.id, reason="it goes <b>soon</b>", until="2027-01-01", by="li.wei")
    kept(scene, report(stays, right, finding(name="fresh"), held, run=SECOND, ended=day), acceptance)
    return Reader(scene)


def places(page: str) -> list[str]:
    """What the rows of the table are about, in order."""
    return re.findall(
        r"<bdi>([^<]*)</bdi>", page.partition('<table class="findings">')[2].partition("</table>")[0]
    )


def filtered(reader: Reader, **wanted: str) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    return places(text(reader.get(f"/reports/{SECOND}?{query}")))


def test_a_report_tells_what_changed_since_the_run_before() -> None:
    page = text(two_runs().get(f"/reports/{SECOND}"))
    since = re.search(r"<p>Compared with run .*</p>", page)
    assert since is not None
    assert re.sub("<[^>]*>", "", since[0]) == f"Compared with run {FIRST}: 1 new, 2 fixed, 1 accepted"
    assert f'href="/reports/{FIRST}"' in since[0]
    assert places(page) == ["fresh", "stays", "held"]
    assert "it goes &lt;b&gt;soon&lt;/b&gt; (li.wei)" in page
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', page)
    (counted,) = [row for row in rows if ">3<" in row]
    assert re.findall(r">(\d+)<", counted) == ["3", "1", "1", "1"]


def test_the_first_run_is_compared_with_nothing() -> None:
    page = text(two_runs().get(f"/reports/{FIRST}"))
    assert "There is no earlier run to compare with." in page
    assert sorted(places(page)) == ["fixed", "gone", "held", "stays"]


def test_findings_are_narrowed_to_what_is_looked_for() -> None:
    reader = two_runs()
    assert filtered(reader, state="new") == ["fresh"]
    assert sorted(filtered(reader, state="fixed")) == ["fixed", "gone"]
    assert filtered(reader, state="accepted") == ["held"]
    assert filtered(reader, answer="passed") == ["fixed"]
    assert sorted(filtered(reader, answer="failed")) == ["fresh", "held", "stays"]
    assert filtered(reader, q="FRESH") == ["fresh"]
    assert filtered(reader, q="nobody") == []
    assert filtered(reader, answer="any") == ["fresh", "stays", "held", "fixed", "gone"]
    assert filtered(reader, severity="info", state="nonsense", answer="<script>") == []
    assert "No finding fits." in text(reader.get(f"/reports/{SECOND}?q=nobody"))


def test_every_number_leads_to_the_findings_it_counts() -> None:
    reader = two_runs()
    page = text(reader.get(f"/reports/{SECOND}"))
    found = re.findall(r'<a href="(\?[^"]*)#findings">(\d+)</a>', page)
    assert len(found) >= 8
    for query, number in found:
        shown = places(text(reader.get(f"/reports/{SECOND}{query.replace('&amp;', '&')}")))
        assert len(shown) == int(number), query


def test_the_list_has_each_run_once_the_last_first_and_those_that_were_not_finished() -> None:
    reader = two_runs()
    joined = msgspec.json.encode(report(finding(name="half"), run="20260202T180000Z"))
    reader.scene.store.put("audits/20260202T180000Z/report.json", joined)
    reader.scene.store.put(f"audits/{SECOND}/report.json", joined)
    reader.scene.store.put("audits/20260203T180000Z/plan.json", b"{}")
    reader.scene.store.put("reports/readme.json", b"{}")
    page = text(reader.get("/reports"))
    assert re.findall(r'href="/reports/([^"]+)"', page) == ["20260202T180000Z", SECOND, FIRST]
    half = text(reader.get("/reports/20260202T180000Z"))
    assert places(half) == ["half"]
    assert "There is no earlier run to compare with." in half


@pytest.mark.parametrize("form", FORMATS)
def test_each_form_is_given_out_as_a_file(form: str) -> None:
    answered = two_runs().get(f"/reports/{SECOND}/download/{form}?lang=zh")
    ending = {"ocsf": "ocsf.json"}.get(form, form)
    assert answered.status == 200
    assert answered.header("content-disposition") == (
        f'attachment; filename="rolemend-audit-{SECOND}.{ending}"'
    )
    assert "default-src 'none'" in answered.header("content-security-policy")
    if form == "csv":
        assert any("fresh" in cell for row in csv.reader(io.StringIO(text(answered))) for cell in row)
    elif form == "html":
        assert answered.header("content-type") == "text/html; charset=utf-8"
        assert '<html lang="zh-CN">' in text(answered)
    else:
        assert "fresh" in json.dumps(json.loads(answered.body))


def test_a_file_that_no_answer_holds_is_named_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "LONGEST_FILE", 100)
    answered = two_runs().get(f"/reports/{SECOND}/download/sarif")
    assert answered.status == 413
    assert f"reports/2026-02-01-{SECOND}.json" in text(answered)


@pytest.mark.parametrize(
    "address",
    [
        "/reports/20260301T180000Z",
        "/reports/20260301T180000Z/download/json",
        f"/reports/{SECOND}/download/exe",
        f"/reports/{SECOND}/download/..",
        "/reports/..%2f..%2fconfig",
        f"/reports/{SECOND}x",
        "/reports/" + "9" * 5_000,
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(address: str) -> None:
    answered = two_runs().get(address)
    assert answered.status == 404
    assert "There is no such page or incident" in text(answered)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"schema":99}', b"\xff" * 10])
def test_a_report_that_cannot_be_read_is_told(data: bytes) -> None:
    reader = two_runs()
    reader.scene.store.put(f"reports/2026-02-01-{SECOND}.json", data)
    for address in (f"/reports/{SECOND}", f"/reports/{SECOND}/download/csv"):
        answered = reader.get(address)
        assert answered.status == 500
        assert SECOND in text(answered)


def test_nobody_reads_a_report() -> None:
    reader = Reader(two_runs().scene, Doorman(who=None))
    for address in (f"/reports/{SECOND}", f"/reports/{SECOND}/download/json"):
        assert (reader.get(address).status, reader.get(address).body) == (303, b"")


def test_hostile_names_stay_text_and_no_page_grows_with_them() -> None:
    scene = Scene()
    long = finding(name="n" * 50_000, subject="\u202e" + "s" * 50_000, statement="<script>" + "t" * 50_000)
    kept(scene, report(long, *every().findings))
    reader = Reader(scene)
    for query in ("", "?answer=any", "?answer=any&page=2", "?q=%3Cscript%3E&lang=zh"):
        page = text(reader.get(f"/reports/{FIRST}{query}"))
        assert "<script" not in page
        assert "onerror=alert(1)>" not in page
        assert 'onmouseover="' not in page
        assert not {"\u202e", "\u200b", "\x00", "\x1b", "\r"} & set(page)
        assert "style=" not in page
        assert len(page) < 600_000


def test_a_report_of_many_findings_opens_by_pages() -> None:
    scene = Scene()
    kept(scene, many(20_000))
    reader = Reader(scene)
    began = time.process_time()
    page = text(reader.get(f"/reports/{FIRST}"))
    assert time.process_time() - began < 5
    assert (len(places(page)), page.count('rel="next"')) == (reports.PAGE, 1)
    assert len(places(text(reader.get(f"/reports/{FIRST}?page=60")))) == reports.PAGE
    assert places(text(reader.get(f"/reports/{FIRST}?page=61"))) == []
