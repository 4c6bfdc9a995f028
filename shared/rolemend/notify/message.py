"""What people read about an incident: the same facts for every channel, in English or Chinese."""

from __future__ import annotations

import re
import time

import msgspec

from rolemend.catalogue import translations
from rolemend.checklist.guide import failed_finding, verify_with
from rolemend.checklist.model import Advice, Diagnosis, Finding
from rolemend.checklist.spark_table import ACTING_IDENTITY, table_line
from rolemend.explain.wording import name_of
from rolemend.fix.guidance import Guidance
from rolemend.incident.life import Incident, can_be_approved, overwritten_id
from rolemend.incident.wording import told, told_grant
from rolemend.notify.channel import severity_of
from rolemend.notify.guidance import guidance_of
from rolemend.notify.links import Link, Links, commands_of, links_of
from rolemend.notify.reasons import why_not
from rolemend.remedy.model import Plan
from rolemend.signals.denial import BucketTarget, Denial, JobTarget
from rolemend.text import Text, text

ALERT, REMEDIED, OVERWRITTEN = "alert", "remediated", "overwritten"
REPEATED, RECOVERED = "repeated", "recovered"
NO_LINKS = Links()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the checklist as it is shown."""

    check: str
    faq: str
    answer: str
    statement: str
    evidence: tuple[str, ...] = ()


class ShownFix(msgspec.Struct, frozen=True, kw_only=True):
    """The exact fix in four forms, and its risk."""

    console: tuple[str, ...]
    cli: str
    terraform: str
    api: str
    risk: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message in one language.

    `id` stays the same when it is sent again; `difference` is a unified diff, or "". `happened` says in one sentence
    what is wrong, `faq` and `evidence` what that rests on; `fix` is None where nothing is left to be done.
    All that came from a log is plain text: control characters, and what Markdown, HTML and readers of links would take
    for their own, are written as `\\u…`. Documents and their difference are to be pasted letter by letter, so a channel
    that knows markup must escape these.
    """

    id: str
    incident: str
    kind: str
    title: str
    cause: str
    lines: tuple[str, ...]
    checklist: tuple[Answer, ...]
    advice: tuple[str, ...]
    happened: str = ""
    faq: str = ""
    evidence: tuple[str, ...] = ()
    fix: ShownFix | None = None
    document: str = ""
    difference: str = ""
    verify: str = ""
    severity: str = "warning"
    affected: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    commands: tuple[str, ...] = ()


def message_kind(incident: Incident) -> str:
    """`remediated` for a verified change, `alert` for what a person must do, `recovered` for what has ended by itself
    where people know of it, "" if none is called for.

    `overwritten` comes before them: an alert of its own on a document of a person that a change may have overwritten.
    """
    if incident.raised:
        return OVERWRITTEN
    if incident.state == "verified":
        return REMEDIED
    if incident.state == "closed":
        return RECOVERED if incident.ended and _left_in_trouble(incident) else ""
    return ALERT


def _left_in_trouble(incident: Incident) -> bool:
    """Whether the last that people heard of it, in whatever round, was that it is denied."""
    heard = {sent.message: sent.kind for sent in incident.deliveries if sent.kind != OVERWRITTEN}
    return bool(heard) and list(heard.values())[-1] in (ALERT, REPEATED)


def message_id(incident: Incident, kind: str) -> str:
    """One for each thing that a round of an incident has to tell."""
    if kind == OVERWRITTEN:
        return overwritten_id(incident)
    if kind == REPEATED:
        return f"{incident.id}-{incident.round}-{kind}-{incident.told_count}"
    again = f"-{incident.telling}" if kind == ALERT and incident.telling > 1 else ""
    return f"{incident.id}-{incident.round}-{kind}{again}"


def compose(
    incident: Incident, language: str, kind: str = "", links: Links = NO_LINKS, name: str = ""
) -> Message:
    """The message about an incident that has been diagnosed; `kind` is the one it calls for unless it is given, and
    `name` is the id under which it was claimed before, which of several documents of people tells the one."""
    assert incident.denial is not None
    say = Speaker(language)
    kind = kind or message_kind(incident)
    name = name or message_id(incident, kind)
    if kind == OVERWRITTEN:
        return _overwritten(incident, name, say, links, language)
    diagnosis = incident.diagnosis
    advice, document = _advice(incident, say)
    guided = guidance_of(incident)
    return Message(
        id=name,
        incident=incident.id,
        kind=kind,
        title=_headline(incident, kind, name, say),
        cause=(diagnosis.cause if diagnosis else None) or "unknown",
        lines=tuple(say(line) for line in _lines(incident, incident.denial, say)),
        checklist=_answers(diagnosis, say),
        advice=advice,
        happened=say(guided.what) if guided else "",
        faq=guided.faq if guided else "",
        evidence=tuple(say(line) for line in guided.evidence) if guided else (),
        fix=_shown(guided, say) if guided else None,
        document=plain(document),
        difference=plain(_difference(incident.plan)),
        verify=_verify(incident),
        severity=severity_of(incident, kind),
        affected=tuple(say(line) for line in affected(incident)),
        links=_shown_links(incident, links, say, language),
        commands=commands_of(incident),
    )


def _overwritten(incident: Incident, name: str, say: Speaker, links: Links, language: str) -> Message:
    """An alert with both documents: theirs to be pasted, and ours in the difference, which shows both whole."""
    theirs = incident.overtaken[int(name.rpartition("-")[2]) - 1]
    change = next(note for note in incident.changes if note.id == theirs.change)
    write = change.plan.write
    said = text(
        "The log of RAM's calls tells that {who} wrote a trust policy of role {role} at {time}, at the moment at which "
        "Rolemend wrote its own. What Rolemend wrote may have taken its place.",
        who=_one_line(theirs.by),
        role=write.name,
        time=_moment(theirs.at),
    )
    steps = (
        text(
            "Ask {who} whether the document below is theirs: a log can be forged.", who=_one_line(theirs.by)
        ),
        text("If it is, and what stands there now is not both together, write both together by hand."),
    )
    return Message(
        id=name,
        incident=incident.id,
        kind=ALERT,
        title=say(text("Look at role {role}: an edit may be overwritten", role=write.name)),
        cause=(incident.diagnosis.cause if incident.diagnosis else None) or "unknown",
        lines=(say(said), say(text("Rolemend's change is {change}.", change=change.id))),
        checklist=(),
        advice=tuple(map(say, steps)),
        document=plain(theirs.document),
        difference=plain(
            difference(theirs.document, write.after, _one_line(theirs.by), change.id, whole=True)
        ),
        severity=severity_of(incident, OVERWRITTEN),
        affected=(say(text("Role {role}", role=write.name)),),
        links=_shown_links(incident, links, say, language),
        commands=commands_of(incident),
    )


def _shown_links(incident: Incident, links: Links, say: Speaker, language: str) -> tuple[Link, ...]:
    return tuple(Link(label=say(label), url=url) for label, url in links_of(incident, links, language))


def _headline(incident: Incident, kind: str, name: str, say: Speaker) -> str:
    """The title; what is told again, or is over, stands before what it was.

    How many were told before stands in the message's id: one that waited for its channel counts as told by itself.
    """
    title = say(_title(incident, kind))
    if kind == REPEATED:
        more = incident.count - int(name.rpartition("-")[2])
        return say(text("Again, {more} more times. {title}", more=more, title=title))
    return say(text("Over. {title}", title=title)) if kind == RECOVERED else title


def _shown(guided: Guidance, say: Speaker) -> ShownFix:
    return ShownFix(
        console=tuple(say(step) for step in guided.console),
        cli=guided.cli,
        terraform=guided.terraform,
        api=guided.api,
        risk=say(guided.risk),
    )


class Speaker:
    """Renders texts in one language, with everything hostile made harmless."""

    def __init__(self, language: str) -> None:
        self._translations = translations(language)

    def __call__(self, statement: Text) -> str:
        shown = {key: _indent(inert(plain(value[:_LONGEST]))) for key, value in statement.values.items()}
        return Text(statement.template, shown).render(self._translations)


_LONGEST = 2_000
"""Characters that are shown of one value."""


def plain(value: str) -> str:
    """Text from a log or a policy, safe to show: control and invisible characters as `\\u…`, lines kept."""
    return "".join(char if char in "\n " or char.isprintable() else f"\\u{ord(char):04x}" for char in value)


_MARKUP = re.compile(r"[<`]|(?<=\])\(|(?<!\boss:)(?<=:)//|(?<=\bwww)\.|(?<=\bmailto):|@(?=\w)", re.IGNORECASE)
"""What begins a tag, code, a link, a mention or an address. `oss://` is how every message names an object."""


def inert(value: str) -> str:
    """Text that no chat and no mail program takes for a tag, a link or a mention."""
    return _MARKUP.sub(lambda found: "".join(f"\\u{ord(mark):04x}" for mark in found[0]), value)


def _indent(value: str) -> str:
    """Further lines of a value stand in, so that none of them can pass for a line of the message."""
    return value.replace("\n", "\n    ")


def _one_line(value: str) -> str:
    return value.replace("\n", "\\u000a")


def _title(incident: Incident, kind: str) -> Text:
    denial = incident.denial
    assert denial is not None
    target, values = denial.target, {"who": _one_line(_who(denial)), "action": _one_line(denial.action)}
    if isinstance(target, BucketTarget):
        values["path"] = _one_line(f"oss://{target.bucket}/{target.key}")
        if kind == REMEDIED:
            return text("Mended: {who} may do {action} on {path} again", **values)
        return text("Denied: {who} may not do {action} on {path}", **values)
    if isinstance(target, JobTarget):
        values |= {"job": _one_line(target.job_run or "-"), "workspace": _one_line(target.workspace)}
        if kind == REMEDIED:
            return text("Mended: {who} may do {action} in job {job} of workspace {workspace} again", **values)
        return text("Denied: {who} may not do {action} in job {job} of workspace {workspace}", **values)
    values |= {"release": _one_line(target.release or "EMR"), "role": _one_line(target.role)}
    if kind == REMEDIED:
        return text("Mended: {who} may do {action} on {release} with role {role} again", **values)
    return text("Denied: {who} may not do {action} on {release} with role {role}", **values)


def affected(incident: Incident) -> list[Text]:
    """Who or what feels it: cluster or job, and role or user."""
    denial = incident.denial
    assert denial is not None
    target, found = denial.target, []
    if isinstance(target, JobTarget):
        found.append(
            text("Job {job} of workspace {workspace}", job=target.job_run or "-", workspace=target.workspace)
        )
    elif isinstance(target, BucketTarget):
        found.append(text("Bucket {bucket}", bucket=target.bucket))
    else:
        found.append(text("Creation of a cluster of release {release}", release=target.release or "-"))
    role = "" if isinstance(target, BucketTarget) else target.role
    if denial.principal.type == "assumed_role":
        found.append(text("Role {role}", role=_one_line(_who(denial))))
    else:
        found.append(text("User {user}", user=_one_line(_who(denial))))
        found += [text("Role {role}", role=role)] if role else []
    return found


def _lines(incident: Incident, denial: Denial, say: Speaker) -> list[Text]:
    lines = [
        text(
            "Seen {count} times between {first} and {last} in {region}.",
            count=incident.count,
            first=_moment(incident.first),
            last=_moment(incident.last),
            region=denial.region or "-",
        ),
        text("The service answered {code}.", code=f"{denial.code} {denial.detail_code}".strip()),
    ]
    if isinstance(denial.target, JobTarget):
        lines.append(_whose_rights(incident.diagnosis, denial.target))
    if incident.jobs:
        job = incident.jobs[0]
        lines.append(
            text("Job {job} of workspace {workspace} failed of it.", job=job.run, workspace=job.workspace)
        )
    if incident.change is not None:
        gains = _gains(incident.change.plan, say)
        lines.append(
            text(
                "Done: {kind} {name} now grants {gains}. The denied call was decided again: it is allowed.",
                kind=name_of(_WRITTEN, incident.change.plan.write.kind, say),
                name=incident.change.plan.write.name,
                gains=gains,
            )
        )
    if incident.closed:
        lines.append(text("Closed: {reason}", reason=told(incident.closed, say)))
    if incident.refusal:
        lines.append(text("The approved plan was not applied: {reason}", reason=told(incident.refusal, say)))
    if incident.still_stands:
        lines.append(
            text("A change could not be taken back: {reason}", reason=told(incident.rolled_back, say))
        )
    elif incident.rolled_back:
        lines.append(
            text("A change was taken back or not made: {reason}", reason=told(incident.rolled_back, say))
        )
    return lines


_WRITTEN = {"policy": text("policy"), "trust_policy": text("trust policy")}


def _gains(plan: Plan, say: Speaker) -> str:
    return "; ".join(told_grant(gain, say) for gain in plan.gains)


def _whose_rights(diagnosis: Diagnosis | None, target: JobTarget) -> Text:
    """Whom the refusing service asks for rights: as the checklist found it, with names; else as the log tells it."""
    found = diagnosis.findings if diagnosis else ()
    line = table_line(target, target.role)
    return next((finding.statement for finding in found if finding.check == ACTING_IDENTITY), line)


def _answers(diagnosis: Diagnosis | None, say: Speaker) -> tuple[Answer, ...]:
    return tuple(_answer(finding, say) for finding in diagnosis.findings) if diagnosis else ()


def _answer(finding: Finding, say: Speaker) -> Answer:
    return Answer(
        check=finding.check,
        faq=finding.faq,
        answer=finding.answer,
        statement=say(finding.statement),
        evidence=tuple(say(evidence.statement) for evidence in finding.evidence),
    )


def _advice(incident: Incident, say: Speaker) -> tuple[tuple[str, ...], str]:
    """What a person must do, and a document to paste."""
    if incident.diagnosis is None or incident.state == "verified":
        return (), ""
    remedy = incident.diagnosis.remedy
    if isinstance(remedy, Advice):
        return (say(remedy.statement),), remedy.document
    if incident.still_stands:
        return (say(text("Take back by hand what is left of the change; the difference shows it.")),), ""
    if incident.rolled_back and not incident.refused:
        return (say(text("Look at the document as it stands now before you change it by hand.")),), ""
    if incident.plan is not None:
        write = incident.plan.write
        step = text(
            "Write this document as {kind} {name}. It grants: {gains}",
            kind=name_of(_WRITTEN, write.kind, say),
            name=write.name,
            gains=_gains(incident.plan, say),
        )
        return (say(step), *_cautions(incident.plan, say), *_approval(incident, say)), write.after
    if incident.no_plan:
        return _without_plan(incident, say), incident.no_plan_document
    return (say(text("No check of the checklist failed; the cause is not one that it knows.")),), ""


def _cautions(plan: Plan, say: Speaker) -> tuple[str, ...]:
    """What a plan could break."""
    return tuple(say(text("Mind that {breaks}.", breaks=told_grant(each, say))) for each in plan.breaks)


def _approval(incident: Incident, say: Speaker) -> tuple[str, ...]:
    """How the plan is approved, or why it waits for a person where a rule would have let it be applied."""
    held = incident.verdict.held if incident.verdict is not None else ""
    if held:
        return (say(_HELD[held]),)
    if not can_be_approved(incident) or incident.plan is None:
        return ()
    command = f"rolemend incidents approve {incident.id} --plan {incident.plan.hash}"
    return (say(text("Or approve it: {command}", command=command)),)


_HELD = {
    "flapping": text(
        "Two changes were made and it is still denied, so nothing more is changed without asking."
    ),
    "changes_per_day": text("The role has had as many changes today as the guardrails allow."),
    "taken_back": text(
        "A person has taken back a change of this incident before, so none is made without asking."
    ),
}


def _without_plan(incident: Incident, say: Speaker) -> tuple[str, ...]:
    """Why nothing was planned, who shares the policy, and what to do with the document."""
    known = why_not(incident.no_plan, incident.no_plan_detail)
    steps = [known or text("The document cannot be extended: {detail}", detail=incident.no_plan_detail)]
    if incident.no_plan_principals:
        steps.append(
            text("It is attached to: {principals}", principals=", ".join(incident.no_plan_principals))
        )
    if incident.no_plan_document:
        steps.append(text("Create a custom policy with this document, and attach it to the role alone."))
    return tuple(map(say, steps))


def _difference(plan: Plan | None) -> str:
    return "" if plan is None else difference(plan.write.before, plan.write.after, "before", "after")


def difference(old: str, new: str, old_name: str, new_name: str, *, whole: bool = False) -> str:
    """A unified diff of two documents, indented the same way; "" if they are the same. `whole` shows every line."""
    from difflib import unified_diff

    before, after = (_indented(document).splitlines() for document in (old, new))
    around = len(before) + len(after) if whole else 3
    return "\n".join(unified_diff(before, after, old_name, new_name, lineterm="", n=around))


def _indented(document: str) -> str:
    try:
        return msgspec.json.format(document, indent=2)
    except msgspec.DecodeError:
        return document


def _verify(incident: Incident) -> str:
    """What shows whether it works now: a command, or the creation once more."""
    assert incident.denial is not None
    finding = failed_finding(incident.diagnosis) if incident.diagnosis else None
    if incident.jobs:
        from rolemend.fix.spark import run_again

        return run_again(incident.jobs[0].workspace, incident.jobs[0].region)
    return verify_with(incident.denial, finding)


def _who(denial: Denial) -> str:
    return denial.principal.name or denial.principal.id or denial.principal.type


def _moment(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
