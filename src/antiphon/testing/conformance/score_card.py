"""What the checks have found about a server, and the run that finds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from ..._transport.default import transport_for
from ..._transport.origin import target_of
from ..._wire.secret import Secret
from ...errors import APIConnectionError, APIError
from .checks import CHECKS, ConformityCheck, Need
from .expectations import NonconformityError
from .probe import Probe

__all__ = ["CheckResult", "ScoreCard", "check_server"]

Outcome: TypeAlias = Literal["passed", "failed"]

# A server that begins responses and ends none may still be loading its model in the first check.
_UNANSWERED = 2
# The phases in which no connection has been made.
_CONNECTING = ("resolve", "connect", "proxy", "tls")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check has found."""

    name: str
    title: str
    need: Need
    outcome: Outcome
    evidence: str = ""
    """What was expected, and what was seen."""


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """What all checks have found about a server."""

    base_url: str
    findings: tuple[CheckResult, ...]
    stopped: str = ""
    """Why the run was stopped before its end; "" if it was not."""
    not_run: tuple[str, ...] = ()
    """The names of the checks that were not run, because the run was stopped."""

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(finding.outcome == "passed" for finding in self.findings)

    @property
    def conforms(self) -> bool:
        """Whether all that programs rely on is there; not if the run was stopped."""
        must = (each.outcome == "passed" for each in self.findings if each.need == "must")
        return not self.stopped and all(must)

    def to_dict(self) -> dict[str, Any]:
        """Return the card as JSON values; `checks` counts those that were not run, too."""
        return {
            "base_url": self.base_url,
            "passed": self.passed,
            "checks": len(self.findings) + len(self.not_run),
            "conforms": self.conforms,
            "findings": [asdict(finding) for finding in self.findings],
            "stopped": self.stopped or None,
            "not_run": list(self.not_run),
        }

    def __str__(self) -> str:
        checks = len(self.findings) + len(self.not_run)
        lines = [f"{self.base_url}: {self.passed} of {checks} checks passed"]
        for each in self.findings:
            mark = "ok  " if each.outcome == "passed" else "FAIL"
            lines.append(f"{mark} {each.name:24} {each.title} ({each.need})")
            lines += [f"       {line}" for line in each.evidence.splitlines()]
        if self.stopped:
            lines.append(f"stopped: {self.stopped}")
            lines.append(f"not run: {', '.join(self.not_run) or 'none'}")
        return "\n".join(lines)


def check_server(
    base_url: str,
    *,
    api_key: str = "conformance",
    model: str = "claude-haiku-4-5",
    thinking_model: str = "claude-sonnet-4-6",
    checks: Iterable[ConformityCheck] | None = None,
    timeout: float = 60.0,
    http_client: Any = None,
) -> ScoreCard:
    """Run the checks against a server.

    The run stops as soon as no connection can be made, and when the first checks get no response:
    the others would not get one either.

    Args:
        base_url: its address.
        api_key: the key to send.
        model: the model to ask for.
        thinking_model: a model that thinks if it is told to.
        checks: those to run; by default all of `CHECKS`.
        timeout: the seconds that each check may take, with all of its requests.
        http_client: what carries the requests; by default our own transport.

    Raises:
        TypeError: an argument has another type.
        ValueError: `base_url` is no URL, `api_key` cannot be sent, `timeout` is not above 0, or
            there are no `checks`.
    """
    for name, text in (
        ("base_url", base_url),
        ("model", model),
        ("thinking_model", thinking_model),
    ):
        _check_text(name, text)
    target_of(base_url)  # or every check would say so
    chosen = _checked_checks(CHECKS if checks is None else checks)
    transport = transport_for(http_client)
    key = _checked_key(api_key)
    probe = Probe(transport, base_url, key, model, thinking_model, _checked_timeout(timeout))
    findings: list[CheckResult] = []
    for number, check in enumerate(chosen, 1):
        evidence, failure = _run(check, probe)
        outcome: Outcome = "failed" if evidence else "passed"
        findings.append(CheckResult(check.name, check.title, check.need, outcome, evidence))
        if stopped := _reason_to_stop(probe, failure, number):
            rest = tuple(each.name for each in chosen[number:])
            return ScoreCard(base_url, tuple(findings), stopped, rest)
    return ScoreCard(base_url, tuple(findings))


def _run(check: ConformityCheck, probe: Probe) -> tuple[str, Exception | None]:
    """Run a check; return the evidence against the server, and the failure that it comes from."""
    probe.begin()
    try:
        check.run(probe)
    except NonconformityError as difference:
        return str(difference), difference
    except APIError as error:
        return f"expected a whole response: {error}", error
    except Exception as error:  # a check of a user may take a form for granted
        return f"the check broke off with {type(error).__name__}: {error}", error
    return "", None


def _reason_to_stop(probe: Probe, failure: Exception | None, checks: int) -> str:
    """Return why no further check makes sense; "" if it does."""
    if isinstance(failure, APIConnectionError) and failure.phase in _CONNECTING:
        return "no connection could be made"
    if failure is None or probe.answered or not probe.asked:
        return ""
    if not probe.heard:
        return "the server did not respond"
    return "the server completed no response" if checks >= _UNANSWERED else ""


def _checked_checks(checks: Iterable[object]) -> list[ConformityCheck]:
    chosen: list[ConformityCheck] = []
    for check in checks:
        if not isinstance(check, ConformityCheck):
            raise TypeError(f"checks: {check!r} is not a ConformityCheck; choose some of CHECKS")
        chosen.append(check)
    if not chosen:
        raise ValueError("checks: there are none; leave it out to run all of CHECKS")
    return chosen


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a str, got {type(value).__name__}")


def _checked_key(api_key: str) -> Secret:
    _check_text("api_key", api_key)
    key = Secret(api_key)
    if not key.fits_a_header:
        raise ValueError("api_key: empty, or holds a space, a line break or a non-ASCII character")
    return key


def _checked_timeout(timeout: object) -> float:
    if not isinstance(timeout, int | float) or isinstance(timeout, bool):
        raise TypeError(f"timeout: expected a number of seconds, got {type(timeout).__name__}")
    # Written so that NaN, which compares false with everything, is refused too.
    if not timeout > 0:
        raise ValueError(f"timeout: {timeout} is not a number of seconds above 0")
    return timeout
