"""Judges the traffic of the simulators by the official descriptions of the services.

    python tests/judge DESCRIPTIONS TRAFFIC

DESCRIPTIONS is the folder with the wheels that `cargo xtask setup` fetches; TRAFFIC the folder that
STARMESH_TRAFFIC_DIR named while tests ran. The judge reads:

 1. `shapes`: what a value may look like, and the check of one.
 2. `operations`: an exchange, and what an operation allows in it.
 3. `google`: the Discovery document.
 4. `wheel` and `microsoft`: the models and URL templates of Microsoft's library.
 5. `allowed`: where the descriptions are not whole, with reasons.
 6. `trial`: the traffic, file by file, and the verdict.
"""

import sys
from pathlib import Path

from trial import Trial

if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    descriptions, traffic = map(Path, sys.argv[1:])
    trial = Trial(descriptions)
    trial.hear(traffic)
    print(trial.summary())
    sys.exit(0 if trial.passed else 1)
