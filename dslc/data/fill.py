"""An array filled from a stream, chunk by chunk, so that what is packed is never unpacked as a whole beside the array.

The array has the size that a checked header declares, and what the stream holds must be that, to the byte.
"""

from __future__ import annotations

from gzip import GzipFile
from typing import IO

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 20


def fill(flat: NDArray[np.generic], stream: IO[bytes] | GzipFile, offset: int) -> None:
    """Fills `flat` with what begins at byte `offset` and ends the stream.

    Raises EOFError where it is less or more, and what the stream raises.
    """
    content = flat.view(np.uint8)
    stream.read(offset)
    filled = 0
    while filled < content.size:
        chunk = stream.read(min(CHUNK, content.size - filled))
        if not chunk:
            raise EOFError("it ends before all that its header declares")
        content[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
        filled += len(chunk)
    if stream.read(1):  # past the end, where zip and gzip compare their checksums
        raise EOFError("it goes on after all that its header declares")
