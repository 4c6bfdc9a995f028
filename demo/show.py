"""Shows the demo in a terminal: steps, checklist, the change as a diff, the message, the table at the end."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from demo.run import Outcome
from demo.scenarios import Scenario

_SIGN = {"passed": "[green]✓ passed[/]", "failed": "[red]✗ failed[/]", "unknown": "[yellow]? unknown[/]"}
_ACTION = {"remediated": "[green]remediated[/]", "alerted": "[yellow]alerted[/]", "none": "[dim]none[/]"}


class Show:
    def __init__(self, console: Console) -> None:
        self._console = console

    def open(self, scenario: Scenario) -> None:
        self._console.print(Rule(f"[bold]{scenario.name}[/]  {escape(scenario.story)}", align="left"))

    def step(self, text: str) -> None:
        self._console.print(Text(f"  · {text}", style="dim"))

    def close(self, outcome: Outcome) -> None:
        """The answer of the denied call, what was found, and what was done."""
        self._console.print(Text(f"  ✗ {outcome.denied}", style="red"))
        if outcome.incident is None:
            seen = ", ".join(f"{reason} ×{count}" for reason, count in outcome.passed_over.items())  # noqa: RUF001
            self._console.print(
                f"  [green]✓[/] no permission problem, nothing raised [dim]({escape(seen)})[/]"
            )
        else:
            self._console.print(_checklist(outcome))
            if outcome.message is not None:
                self._console.print(_message(outcome.message["message"]))
        if outcome.verified is not None:
            again = "[green]✓ answered[/]" if outcome.verified else "[red]✗ still denied[/]"
            self._console.print(f"  the same call again: {again}")
        self._console.print()

    def table(self, outcomes: list[Outcome]) -> None:
        table = Table(
            title="What came out",
            title_justify="left",
            box=SIMPLE_HEAD,
            pad_edge=False,
            collapse_padding=True,
        )
        for column in ("scenario", "cause", "action", "repeated", "seconds", ""):
            table.add_column(column, justify="right" if column == "seconds" else "left", no_wrap=True)
        for outcome in outcomes:
            repeated = {True: "[green]answered[/]", False: "[red]denied[/]", None: "-"}[outcome.verified]
            sign = "[green]as expected[/]" if outcome.as_expected() else "[red]NOT as expected[/]"
            cause = outcome.cause or "-"
            action = _ACTION[outcome.action]
            table.add_row(outcome.scenario.name, cause, action, repeated, f"{outcome.seconds:.1f}", sign)
        self._console.print(table)


def _checklist(outcome: Outcome) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=False)
    for column in ("faq", "check", "answer", "statement"):
        table.add_column(column, overflow="fold")
    message: dict[str, Any] = (outcome.message or {}).get("message", {})
    for answer in message.get("checklist", []):
        evidence = [Text(f"  {line}", style="dim") for line in answer["evidence"]]
        sign = _SIGN.get(answer["answer"], "[dim]· not applicable[/]")
        statement = Group(Text(answer["statement"]), *evidence)
        table.add_row(f"FAQ {answer['faq']}", answer["check"], sign, statement)
    return table


def _message(message: dict[str, Any]) -> Panel:
    """The alert as it looks; what came from logs is plain text and never markup."""
    parts: list[Any] = [Text(line) for line in (*message["lines"], *message["advice"])]
    if message["difference"]:
        parts.append(Syntax(message["difference"], "diff", background_color="default"))
    elif message["document"]:
        parts.append(Syntax(message["document"], "json", background_color="default", word_wrap=True))
    parts.append(Text(f"Verify: {message['verify']}", style="bold"))
    colour = "green" if message["kind"] == "remediated" else "yellow"
    return Panel(Group(*parts), title=Text(message["title"]), title_align="left", border_style=colour)
