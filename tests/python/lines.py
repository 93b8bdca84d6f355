"""The way between a test and an oracle: one JSON object a line on standard input, one on standard output."""

import json
import sys


def serve(answer):
    """Answers every request, in order; what `answer` refuses is told as an error."""
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except ValueError as error:
            reply = {"error": str(error)}
        print(json.dumps(reply))
