"""Where the official descriptions are not whole, or not right: the exceptions, each with its reason and source.

An exception names one thing in one place. Whatever it does not name is judged.
"""

import re
from dataclasses import dataclass

from operations import Exchange
from shapes import Finding


@dataclass(frozen=True)
class Allowed:
    """A finding that is none."""

    provider: str
    # Matches the whole of a finding, without its value.
    finding: str
    reason: str
    source: str
    # Matches in the path, in the program and its arguments, or in the answer.
    path: str = ""
    program: str = ""
    reply: str = ""

    def covers(self, finding: Finding, exchange: Exchange) -> bool:
        return (
            exchange.provider == self.provider
            and re.fullmatch(self.finding, str(finding)) is not None
            and re.search(self.path, exchange.path) is not None
            and re.search(self.program, exchange.program) is not None
            and re.search(self.reply, exchange.response_body) is not None
        )


# Sign-in is OAuth 2 (RFC 6749) and belongs to neither description.
SIGN_IN = {
    "google": re.compile(r"/o/oauth2/v2/auth|/token|/device/code|/revoke"),
    "microsoft": re.compile(r"/[^/]+/(oauth2/v2\.0/(authorize|token|devicecode)|(v2\.0/)?adminconsent)"),
}

# The doctor asks whether a server answers at all, and what its clock says (RFC 9110, section 6.6.1): no API is meant.
LOOK = ("HEAD", "/")

ALLOWED = [
    Allowed(
        "microsoft",
        r"reply body\.value\[\]\.@removed: is not a field of Event",
        reason="a delta tells removals by an annotation that the models leave out",
        source="https://learn.microsoft.com/en-us/graph/delta-query-overview",
        path=r"/(microsoft\.graph\.)?delta(\(\))?$",
    ),
    Allowed(
        "microsoft",
        r"reply body\.error\.@event\.existingEventId: is not a field of MainError",
        reason="the event that a repeated transactionId made is named beside the error",
        source="seen in public code; Microsoft has no page on ErrorDuplicateTransactionId",
        reply="ErrorDuplicateTransactionId",
    ),
    Allowed(
        "microsoft",
        r"reply body\.error\.innerError\.date: is not a moment with its offset",
        reason="the date in an error has no offset",
        source="https://learn.microsoft.com/en-us/graph/errors",
    ),
    Allowed(
        "microsoft",
        r"reply body\.error\.innerError\.(code|status): is not a field of InnerError",
        reason="a 429 repeats itself in the inner error",
        source="https://learn.microsoft.com/en-us/graph/throttling",
        reply="TooManyRequests|ApplicationThrottled",
    ),
    Allowed(
        "microsoft",
        r"reply body\.error\.innererror: is not a field of MainError",
        reason="the inner error is spelt with a small e as well",
        source="https://learn.microsoft.com/en-us/graph/errors",
    ),
    Allowed(
        "microsoft",
        r"request body\.requests\[\]\.depends_on: is not a field of BatchPart",
        reason="Microsoft's Python library spells dependsOn its own way, and sends it empty",
        source="msgraph-core 1.5.2, BatchRequestItem.serialize",
        program="microsofts_python_library",
    ),
    Allowed(
        "google",
        r"reply body: is text/html; charset=UTF-8 and not application/json",
        reason="the simulator was told to answer with a page in HTML",
        source="the test itself, or the world's plan of faults",
        program="an_html_page_in_place_of_an_answer|^starmesh-world ",
    ),
    Allowed(
        "microsoft",
        r"reply body: is not JSON",
        reason="the simulator was told to cut an answer short",
        source="the test itself, or the world's plan of faults",
        program="a_page_cut_short_is_no_page|^starmesh-world ",
    ),
]
