"""The words of the pages."""

from __future__ import annotations

from collections.abc import Mapping

from rolemend.catalogue import translations
from rolemend.explain.wording import ANSWER_NAMES, CAUSE_NAMES, CONFIDENCE_NAMES, HEADINGS, KIND_NAMES
from rolemend.text import Text, text

STATES = {
    "open": text("open"),
    "diagnosed": text("diagnosed"),
    "awaiting approval": text("awaiting approval"),
    "remediated": text("remediated"),
    "verified": text("verified"),
    "alerted": text("alerted"),
    "reopened": text("reopened"),
    "closed": text("closed"),
}
OUTCOMES = {
    "intended": text("begun"),
    "applied": text("applied"),
    "verified": text("verified"),
    "abandoned": text("not made"),
    "rolled back": text("rolled back"),
    "taken back": text("taken back"),
    "expired": text("expired"),
    "not taken back": text("could not be taken back"),
}
MODES = {
    "observe": text("only observe"),
    "propose": text("propose"),
    "approve": text("ask for approval"),
    "auto": text("apply without asking"),
}
SOURCES = {
    "actiontrail": text("ActionTrail"),
    "oss_access_log": text("OSS access log"),
    "spark_job": text("EMR Serverless Spark jobs"),
}
CAUSES = CAUSE_NAMES

WORDS = {
    "skip": text("Skip to the content"),
    "pages": text("Pages"),
    "incidents": text("Incidents"),
    "incident": text("Incident"),
    "changes": text("Changes"),
    "change": text("Change"),
    "figures": text("Figures"),
    "reports": text("Reports"),
    "what_if": text("What if"),
    "health": text("Health"),
    "language": text("Language"),
    "sign_out": text("Sign out"),
    "signed_in": text("Signed in as {who}"),
    "account": text("Account {account}"),
    "search": text("Search"),
    "search_words": text("Who, action, bucket, code or id"),
    "state": text("State"),
    "cause": text("Cause"),
    "since": text("Since the day"),
    "any": text("any"),
    "show": text("Show"),
    "no_incidents": text("No incident fits. If none was ever seen, look at Health: do events arrive?"),
    "touched": text("Last touched"),
    "count": text("Times"),
    "newer": text("Newer"),
    "older": text("Older"),
    "page": text("Page {page}"),
    "more_open": text("More incidents are being worked on than are shown here."),
    "seen": text("Seen {count} times between {first} and {last} in {region}."),
    "signal": text("The signal"),
    "principal": text("Who"),
    "action": text("Action"),
    "resource": text("On what"),
    "code": text("Code"),
    "message": text("What the service said"),
    "request_id": text("Request id"),
    "source": text("Source"),
    "checklist": text("The checklist"),
    "evidence": text("Evidence"),
    "not_diagnosed": text("The checklist was not walked yet."),
    "diagnosis": text("The cause"),
    "plan": text("The plan"),
    "no_plan": text("There is no plan that a program may apply."),
    "grants": text("What it grants and takes away"),
    "cautions": text("What it could break"),
    "difference": text("The difference"),
    "before": text("Before"),
    "after": text("After"),
    "line": text("Line"),
    "hash": text("Hash of the plan"),
    "rule": text("Rule of the guardrails"),
    "writes": text("It writes {kind} {name} of role {role}."),
    "expires": text("The grant ends after {duration}."),
    "decision": text("The decision"),
    "decide_words": text(
        "Approving applies exactly this plan or nothing: everything is read again before it is written."
    ),
    "approve": text("Approve this plan"),
    "reject": text("Reject this plan"),
    "reason": text("Reason, which people read later"),
    "may_not": text("You may look, and not decide: your account's settings do not name you as an approver."),
    "approve_followed": text("{who} approved this plan at {time}. Rolemend is carrying it out."),
    "reject_followed": text("{who} rejected this plan at {time}. Rolemend is carrying it out."),
    "watching": text("This page loads itself again every few seconds until it is done."),
    "stop_watching": text("Stop that"),
    "nothing_waits": text("Nothing waits for a decision here."),
    "verification": text("The change and its verification"),
    "messages": text("Messages"),
    "no_messages": text("No message was sent."),
    "delivered": text("{kind} through {channel}"),
    "to_nobody": text("{kind}: no channel took it, as far as is known"),
    "left_to_digest": text("{kind} left to a digest of {channel}: {reason}"),
    "digest_words": text(
        "A digest tells together what waits for a channel. One of more than 50 messages stands in its own list, which "
        "rolemend incidents digest shows, and is not noted here when it is sent."
    ),
    "unconfirmed": text("(no answer came; it may have arrived or not)"),
    "story": text("What happened, in order"),
    "todo": text("What is to be done"),
    "document": text("The document to paste"),
    "advice_console": text("In the console"),
    "risk": text("Risk"),
    "verify": text("Verify with"),
    "same_command": text("The same on the command line"),
    "no_changes": text("Nothing was changed."),
    "made": text("Made"),
    "role": text("Role"),
    "approved_by": text("Approved by {who}"),
    "until": text("The grant ends at {time}."),
    "roll_back": text("Roll this change back"),
    "roll_back_words": text(
        "Puts back what stood there before. It is refused if the document was edited since, and nothing is applied to "
        "this incident without asking afterwards."
    ),
    "roll_back_asked": text("{who} asked at {time} to have it rolled back. Rolemend is carrying it out."),
    "days": text("Days"),
    "denials_chart": text("Denials by cause"),
    "repair_chart": text("Time to repair"),
    "repair_words": text("From the denial until the call was seen to be allowed again."),
    "median": text("Half of {count} repairs took less than {duration}."),
    "no_figures": text("Nothing was denied in this time."),
    "no_repairs": text("Nothing was repaired in this time."),
    "as_table": text("As a table"),
    "repairs": text("Repairs"),
    "other": text("other causes"),
    "not_known_yet": text("not diagnosed"),
    "cut": text("Only the newest {count} entries of a day are counted."),
    "no_reports": text("There is no report yet."),
    "reports_words": text("What the audits of the account found, each run with its report."),
    "report": text("Report"),
    "all_passed": text("Nothing failed, and nothing is unknown."),
    "download": text("Download"),
    "file_too_long": text(
        "The file is too long to be given out here. The report lies in the ledger's bucket under {key}."
    ),
    "failed_or_unknown": text("failed or unknown"),
    "finding_words": text("Check, name, region, account or id"),
    "no_findings": text("No finding fits."),
    "explain": text("Explain an error"),
    "explain_words": text(
        "Paste an error: an answer of OSS, a stack trace, an event, Terraform's output. It is read here, and nobody is "
        "asked about it."
    ),
    "error_text": text("The error"),
    "do_explain": text("Explain"),
    "simulate": text("Decide a request"),
    "simulate_words": text(
        "Paste one policy, or a list of {form}. The answer is that of the policy engine; the account is not asked."
    ),
    "policies": text("Policies, as JSON"),
    "conditions": text("Condition keys, as JSON (may be left out)"),
    "do_simulate": text("Decide"),
    "allowed": text("allowed"),
    "explicit_deny": text("denied by a statement"),
    "implicit_deny": text("not allowed by any statement"),
    "not_read": text("This could not be read"),
    "expected": text("Expected: {what}"),
    "confidence": text("How sure"),
    "count_of": text("It stands there {count} times."),
    "nothing_pasted": text("Nothing was pasted."),
    "sources": text("Sources"),
    "last_denial": text("Last denial"),
    "opened_after": text("Noticed after"),
    "no_source": text("no denial in the newest {count} incidents"),
    "health_words": text(
        "What the ledger shows. A source that is silent may be well, with nothing denied, or deaf: that shows in "
        "the functions' own logs."
    ),
    "at_work": text("Being worked on"),
    "waits_for": text("It waits for"),
    "none_open": text("Nothing is being worked on."),
    "channels": text("Channels"),
    "channel": text("Channel"),
    "messages_wait": text("Messages that wait"),
    "channel_works": text("takes messages, as far as is known"),
    "channel_fails": text("fails since {time}: {reason}"),
    "channel_dead": text("dead since {time}: {reason}"),
    "no_channels": text("No channel ever failed, and none had a digest."),
    "failures": text("Functions that failed on every try"),
    "failed_times": text("after {count} tries"),
    "no_failures": text("None in the last {count} days."),
    "kept_aside": text("Kept aside"),
    "rejected": text("Records that could not be read, in the last {count} days"),
    "pending": text("Creations and jobs that are followed"),
    "expiring": text("Grants that end by themselves"),
    "damaged": text("Damaged journals"),
    "at_least": text("{count} or more"),
    "number": text("Number"),
    "back": text("Back to the incidents"),
    "not_found": text("There is no such page or incident."),
    "not_found_title": text("Not found"),
    "bad_request_title": text("This cannot be done"),
    "forbidden_title": text("You may not do that"),
    "forbidden": text("Your account's settings do not name you as an approver. Nothing was changed."),
    "stale_form": text(
        "The form is too old, or is not from your session. Nothing was changed. Load the page again."
    ),
    "too_much": text("That is more than the console reads at once."),
    "damaged_title": text("The journal is damaged"),
    "damaged_words": text("The journal cannot be believed, so nothing is done with it: {why}"),
    "unreachable_title": text("The account did not answer as it should"),
    "unreachable_words": text(
        "{why} What was recorded stays recorded; doing the same again does nothing twice."
    ),
    "changed_since": text(
        "The incident has changed since you opened the page. Nothing was applied. This is how it is now."
    ),
    "approve_stands": text(
        "This plan was approved before ({who}). That decision stands, and yours was not recorded. The change can be "
        "rolled back once it is made."
    ),
    "reject_stands": text(
        "This plan was rejected before ({who}). That decision stands, and yours was not recorded."
    ),
    "refused": text("Refused: {why}"),
}


class Words:
    """`words.name` is a word of the pages; `words(text)` renders any text, `words.say(name, …)` one with values."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.catalogue: Mapping[str, str] = translations(language)

    def __getattr__(self, name: str) -> str:
        if name not in WORDS:
            raise AttributeError(name)
        return WORDS[name].render(self.catalogue)

    def __call__(self, what: Text) -> str:
        return what.render(self.catalogue)

    def say(self, name: str, /, **values: object) -> str:
        return text(WORDS[name].template, **values).render(self.catalogue)

    def of(self, table: str, key: str) -> str:
        """The name of a state, an outcome, an answer, a mode, a cause or a source; the key itself where it has none."""
        found = _TABLES[table].get(key)
        return self(found) if found is not None else key


_TABLES = {
    "state": STATES,
    "outcome": OUTCOMES,
    "answer": ANSWER_NAMES,
    "mode": MODES,
    "cause": CAUSES,
    "source": SOURCES,
    "kind": KIND_NAMES,
    "confidence": CONFIDENCE_NAMES,
    "heading": HEADINGS,
}
