"""The traffic of all tests, file by file, and the verdict."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from allowed import ALLOWED, LOOK, SIGN_IN
from google import Google
from microsoft import Microsoft
from operations import Exchange

# CalDAV has no description that a machine could read; its simulator and the real servers pass the same suite.
UNDESCRIBED = "caldav"

# How many places of one finding are shown; all are counted.
PLACES_SHOWN = 3


@dataclass
class Charge:
    """One finding wherever it was made."""

    count: int = 0
    places: list[str] = field(default_factory=list)


class Trial:
    """Judges exchanges and keeps what was found."""

    def __init__(self, descriptions: Path):
        self.google = Google(descriptions)
        self.microsoft = Microsoft(descriptions)
        self.charges: dict[str, Charge] = {}
        self.judged: Counter[str] = Counter()
        self.allowed: Counter[str] = Counter()
        self.passed_over = 0

    @property
    def passed(self) -> bool:
        """No finding, and traffic of both providers: silence proves nothing."""
        return not self.charges and all(self.judged[it] for it in ("google", "microsoft"))

    def hear(self, folder: Path):
        """Judges every file in a folder."""
        for path in sorted(folder.glob("*.jsonl")):
            self.microsoft.begin()
            with path.open(encoding="utf-8") as lines:
                program = json.loads(next(lines))["program"]
                for number, line in enumerate(lines, start=2):
                    self.judge(Exchange.of(json.loads(line), f"{path.name}:{number}", program))

    def judge(self, exchange: Exchange):
        """Judges one exchange."""
        if (
            exchange.provider == UNDESCRIBED
            or SIGN_IN[exchange.provider].fullmatch(exchange.path)
            or (exchange.method, exchange.path) == LOOK
        ):
            self.passed_over += 1
            return
        self.judged[exchange.provider] += 1
        judge = {"google": self.google, "microsoft": self.microsoft}[exchange.provider]
        for finding in judge.judge(exchange):
            exception = next((it for it in ALLOWED if it.covers(finding, exchange)), None)
            if exception:
                self.allowed[exception.reason] += 1
                continue
            charge = self.charges.setdefault(f"{exchange.provider} {finding}", Charge())
            charge.count += 1
            if len(charge.places) < PLACES_SHOWN:
                value = f", {finding.value}" if finding.value else ""
                charge.places.append(f"{exchange}{value}")

    def summary(self) -> str:
        """The findings, each with a few places, and the counts."""
        lines = []
        for finding, charge in sorted(self.charges.items()):
            lines.append(f"{finding} ({charge.count} times)")
            lines += [f"    {place}" for place in charge.places]
        # One that is never met may be one too many.
        lines += [f"allowed {self.allowed[it.reason]:>7} times: {it.reason}" for it in ALLOWED]
        counts = ", ".join(f"{self.judged[it]} of {it}" for it in ("google", "microsoft"))
        lines.append(f"passed over {self.passed_over} of sign-in, looks at servers and CalDAV, which have no description here")
        lines.append(f"judged {counts}; {len(self.charges)} kinds of findings")
        return "\n".join(lines)
