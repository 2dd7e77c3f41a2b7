"""The array types the kernels speak."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
"""float64 samples, gains or frequencies; each function states the shape."""

IndexArray: TypeAlias = npt.NDArray[np.int64]
"""Sample positions."""
