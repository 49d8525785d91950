"""The error model: what exp, log, a sum and a gap cost a sound implementation in each format, in units of u.

| operation | relative error |
|---|---|
| exp | r_e = `EXP_ERROR` |
| log, log1p | r_l = `LOG_ERROR` |
| expm1 | r_m = `EXPM1_ERROR` |
| tanh | r_t = `TANH_ERROR` |
| cosh | r_h = `COSH_ERROR` |
| erf | r_f = `ERF_ERROR` |
| erfc | r_c = `ERFC_ERROR`, and z**2 where it takes exp of a rounded square of z |
| a sum of n terms | d = `additions`: the additions on its longest path |
| a gap x_j - m in an exponent | g = `gap_roundings` |

d is n - 1 where recursive summation means something: in float64 and float32. In 16 bits n u exceeds 1 before rows are
long, and a bound that lets any answer pass is none; there d = ceil(log2 n), which pairwise and wide accumulation meet,
and g = 1, since three roundings of a gap of 90 would leave no digit of a bfloat16. In 8 bits d = 0: wide.
"""

from __future__ import annotations

from math import ceil, log2
from types import MappingProxyType

from extremum.reference.arithmetic.formats import Format

EXP_ERROR = MappingProxyType(  # r_e in units of u
    {
        # Measured over NumPy 2.4 on x86-64 (0.73 ulp in float64, 2.54 ulp in float32 by exhaustion); the
        # documented errors of glibc, SLEEF, CUDA and XLA lie below.
        "float64": 1.5,
        "float32": 3.6,
        # In narrower formats exp is computed in float32 and rounded once.
        "float16": 1.01,
        "bfloat16": 1.01,
        "float8_e4m3fn": 1.01,
        "float8_e5m2": 1.01,
    }
)
LOG_ERROR = MappingProxyType(  # r_l in units of u, measured as r_e was (0.64 ulp in float64, 3.83 ulp in float32)
    {"float64": 1.5, "float32": 4.6} | dict.fromkeys(("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"), 1.01)
)
TANH_ERROR = MappingProxyType(  # r_t in units of u
    # 2 ulp are the largest error that glibc's manual and CUDA's programming guide document, 4 u relative; measured
    # over NumPy 2.4 as r_e was, 1.83 u in float32 and 1.62 u in float64.
    {"float64": 4.0, "float32": 4.0} | dict.fromkeys(("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"), 1.01)
)
EXPM1_ERROR = MappingProxyType(  # r_m in units of u: measured over NumPy 2.4, 3.54 u in float32, 0.99 in float64
    # glibc's manual documents 1 ulp, CUDA's programming guide 1 ulp.
    {"float64": 2.0, "float32": 4.6} | dict.fromkeys(("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"), 1.01)
)
COSH_ERROR = MappingProxyType(  # r_h in units of u: 2 ulp in glibc's manual and CUDA's programming guide
    # Measured over NumPy 2.4, 3.60 u in float32 and 1.50 in float64.
    {"float64": 4.0, "float32": 4.6} | dict.fromkeys(("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"), 1.01)
)
ERF_ERROR = MappingProxyType(  # r_f in units of u: 2 ulp in CUDA's programming guide, 1 ulp in glibc's manual
    # Measured, SciPy's 1.0 u in float32 and 3.05 in float64, glibc's 1.47 in float64.
    {"float64": 4.0, "float32": 4.0} | dict.fromkeys(("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"), 1.01)
)
ERFC_ERROR = MappingProxyType(  # r_c in units of u: 5 ulp in float64 by glibc's manual and CUDA's programming guide
    # In float32 glibc documents 3 ulp, CUDA 4; measured, glibc's 2.94 u in float64.
    {"float64": 10.0, "float32": 8.0} | dict.fromkeys(("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"), 1.01)
)
RECURSIVE_FROM = 24  # bits of precision from which recursive summation is called sound
PAIRWISE_FROM = 8


def additions(fmt: Format, n: int) -> int:
    """d: the additions on the longest path that a sound sum of n terms has in this format."""
    if fmt.precision >= RECURSIVE_FROM:
        return n - 1
    return pairwise(n) if fmt.precision >= PAIRWISE_FROM else 0


def gap_roundings(fmt: Format) -> int:
    """How often a sound exponent is rounded: three times in base 2, but in 16 bits once, or wide."""
    return 3 if fmt.precision >= RECURSIVE_FROM else 1


def pairwise(n: int) -> int:
    """ceil(log2 n)."""
    return ceil(log2(n)) if n > 1 else 0
