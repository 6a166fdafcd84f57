"""What the card at the top says, by the state of the examination."""

from core.doctor import phrases
from core.doctor.check import Finding, Verdict
from core.doctor.examination import Cause
from utnet_viewer.doctor.examining import View
from utnet_viewer.doctor.head_card import Head
from utnet_viewer.doctor.pace import Pace
from utnet_viewer.doctor.telling import (
    LANGUAGE,
    cause_title,
    cause_words,
    check_title,
    consequences,
    limit_of,
    limit_text,
    quantity,
    tell_verdict,
    value_text,
    verdict_sentence,
)
from utnet_viewer.training.run_words import duration

#: A process that has said nothing for so long is told of.
SILENCE_S = 20.0

#: More causes than this are not named at the top; the list has them all.
MOST_OTHERS = 3


def empty_head() -> Head:
    """Nothing was examined."""
    return Head(
        "plain",
        "heartbeat",
        "Nothing examined yet",
        "Why does the loss not fall?",
        text="The doctor measures the data, the labels, the configuration, the network and the "
        "training, and names the cause. Choose what is examined at the left and press Examine "
        "(F9).",
    )


def running_head(view: View, pace: Pace, *, silent_s: float, ends: bool) -> Head:
    """How far it is."""
    left = pace.remaining_s
    about = [] if view.request is None else [view.request.words]
    about.append(duration(pace.elapsed_s))
    if left is not None and not ends:
        about.append(f"about {duration(left)} to go")
    count = f"check {pace.number} of {pace.count}" if pace.count else "starting"
    title = check_title(view.running or pace.check) if pace.check else "Starting the examination…"
    trouble = ""
    if silent_s > SILENCE_S:
        trouble = (
            f"Nothing was heard for {duration(silent_s)}. A check may take long on a busy "
            "machine; Cancel ends it."
        )
    return Head(
        "accent",
        "circle-half",
        "Cancelling…" if ends else f"Examining, {count}",
        title,
        about=" · ".join(about),
        progress=pace.done,
        trouble=trouble,
        trouble_kind="warning",
    )


def finished_head(view: View, *, is_stale: bool) -> Head:
    """The diagnosis, or that no fault was found."""
    examination = view.examination
    trouble = ""
    if is_stale:
        trouble = "The configuration was changed since: examine again to see what that does."
    if not examination.causes or examination.is_healthy:
        return _healthy_head(view, trouble)
    first = examination.causes[0]
    words = cause_words(first.named)
    finding = view.finding(first.check)
    caption, number, limit = _figure(finding, view)
    follows = consequences(examination, first.explains)
    named = (first, *examination.causes[1:])
    return Head(
        "fault",
        tell_verdict(Verdict.FAULT).icon if finding is None else "heartbeat",
        "Most probable root cause",
        words.title,
        about=follows or verdict_sentence(examination),
        text=words.explanation,
        number=number,
        caption=caption,
        limit=limit,
        others=_others(named[1:]),
        trouble=trouble,
        trouble_kind="warning",
    )


def _healthy_head(view: View, trouble: str) -> Head:
    examination = view.examination
    warnings = examination.count(Verdict.WARNING)
    tested = len(examination.findings) - examination.count(Verdict.NOT_TESTED)
    untested = examination.count(Verdict.NOT_TESTED)
    kind = "success" if examination.is_healthy and tested else "warning"
    if warnings or not examination.is_healthy:
        kind = "warning" if examination.is_healthy else "fault"
    text = "Every number lies within its threshold."
    if warnings and examination.causes:
        text = cause_words(examination.causes[0].named).explanation
    elif not tested:
        text = "No check had what it needs: the list says what is missing."
    if untested and tested:
        checks = "1 check was" if untested == 1 else f"{untested} checks were"
        text += f" {checks} not tested: that is no pass."
    return Head(
        kind,
        "check-circle" if kind == "success" else "warning",
        "Healthy" if kind == "success" else "No fault",
        phrases.headline(examination, LANGUAGE),
        about=verdict_sentence(examination),
        text=text,
        others=_others(examination.causes),
        trouble=trouble,
        trouble_kind="warning",
    )


def ended_head(view: View) -> Head:
    """Cancelled, or failed."""
    found = verdict_sentence(view.examination) if view.findings else ""
    if view.state == "cancelled":
        return Head(
            "plain",
            "stop-circle",
            "Cancelled",
            "The examination was cancelled",
            about=found,
            text="What was found until then stands in the list, without a diagnosis."
            if found
            else "",
        )
    trouble = view.trouble
    return Head(
        "fault",
        "x-circle",
        "Could not be examined",
        "The examination came to no end" if found else "Nothing could be examined",
        about=found,
        text="What was found until then stands in the list." if found else "",
        trouble=trouble.sentence,
        details=trouble.details,
    )


def _others(causes: tuple[Cause, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((c.check, cause_title(c.named.cause)) for c in causes[:MOST_OTHERS])


def _figure(finding: Finding | None, view: View) -> tuple[str, str, str]:
    """Caption, number and limit of the deciding reading."""
    if finding is None or not finding.outcome.readings:
        return "", "", ""
    first = finding.outcome.readings[0]
    limit = limit_text(first, limit_of(first, view.examination.overrides))
    return quantity(first), value_text(first), f"expected {limit}" if limit else ""
