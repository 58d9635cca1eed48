"""How warm the chip of a simulated device is: it drifts towards what its work makes of it."""

import math
from dataclasses import dataclass
from typing import Final

AMBIENT_C: Final = 38.0
STREAM_C: Final = 3.0  # each stream that is on
DEPTH_C: Final = 4.0  # and stereo matching on top
DRIFT_S: Final = 60.0  # two thirds of the way
# What the blocks of the chip are above or below its average.
BLOCKS_C: Final = {"average": 0.0, "css": 1.0, "dss": -1.0, "mss": 0.0, "upa": 0.5}


@dataclass(slots=True)
class Thermal:
    """One chip, from the moment that it is switched on."""

    at_s: float
    celsius: float = AMBIENT_C

    def feel(self, now_s: float, streams: int, pairs: int) -> dict[str, float]:
        """Return the temperature of every block after it worked so since the last call."""
        goal = AMBIENT_C + STREAM_C * streams + DEPTH_C * pairs
        share = 1 - math.exp(-max(0.0, now_s - self.at_s) / DRIFT_S)
        self.celsius += (goal - self.celsius) * share
        self.at_s = now_s
        return {block: round(self.celsius + more, 2) for block, more in BLOCKS_C.items()}
