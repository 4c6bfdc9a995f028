"""The page on which an error is explained and a request decided, from what is pasted alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from rolemend.console.visit import Visit

if TYPE_CHECKING:
    from starlette.responses import Response

MOST_ANSWERS = 20
FORM = '{"kind": "identity", "document": …}'


def show(visit: Visit) -> Response:
    """Both forms, empty."""
    return _page(visit)


def explain(visit: Visit) -> Response:
    """The causes that the pasted text supports. No account is asked."""
    from rolemend.explain.answer import as_json
    from rolemend.explain.explain import explain_bytes

    pasted = visit.form.get("error", "")
    if not pasted.strip():
        return _page(visit, 400, error=pasted, problem=visit.words.nothing_pasted)
    answers = explain_bytes(pasted.encode("utf-8", "replace"))[:MOST_ANSWERS]
    return _page(visit, error=pasted, answers=[as_json(answer, visit.language) for answer in answers])


def simulate(visit: Visit) -> Response:
    """The decision on one request under the pasted policies."""
    from rolemend.policy.simulate import simulate_entry

    given = {name: visit.form.get(name, "") for name in ("policies", "action", "resource", "conditions")}
    try:
        entry = _entry(given)
    except (msgspec.DecodeError, RecursionError) as error:
        return _page(visit, 400, given=given, unread=str(error))
    answer = simulate_entry(entry, 1, visit.words.catalogue)
    return _page(visit, 200 if "decision" in answer else 400, given=given, answer=answer)


def _entry(given: dict[str, str]) -> dict[str, Any]:
    """What the form says, as a line of `rolemend simulate`. One document alone is an identity policy."""
    policies = msgspec.json.decode(given["policies"].encode("utf-8", "replace"))
    if isinstance(policies, dict) and "Statement" in policies:
        policies = [{"kind": "identity", "document": policies}]
    elif isinstance(policies, dict):
        policies = [policies]
    request: dict[str, Any] = {"action": given["action"].strip(), "resource": given["resource"].strip()}
    if given["conditions"].strip():
        request["conditions"] = msgspec.json.decode(given["conditions"].encode("utf-8", "replace"))
    return {"policies": policies, "request": request}


def _page(visit: Visit, status: int = 200, **values: Any) -> Response:
    empty: dict[str, Any] = {
        "error": "",
        "answers": None,
        "problem": "",
        "given": {"policies": "", "action": "", "resource": "", "conditions": ""},
        "answer": None,
        "unread": "",
        "form": FORM,
    }
    return visit.page("what_if.html", status, **{**empty, **values})
