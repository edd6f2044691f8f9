#!/usr/bin/env python3
"""Computes the polynomials of passes/math/polynomials.h: minimax fits by Remez exchange on a dense Chebyshev grid.

Each coefficient is rounded to the target format in turn, lowest order first, and the others are fitted again, so that
the rounding of one is made up for by the next. Needs mpmath (pip install mpmath). Usage: minimax.py > passes/math/polynomials.h
"""

import struct
import sys

import mpmath as mp

mp.mp.dps = 50
GRID = 600


def round_to(value, bits):
    if bits == 24:
        return mp.mpf(struct.unpack("f", struct.pack("f", float(value)))[0])
    return mp.mpf(float(value))


def fit_free(points, values, weights, powers):
    """Remez exchange on the points: minimises max |weight * (poly - value)| over coefficients of the powers."""
    n = len(powers)
    count = len(points)
    picks = sorted({round(i * (count - 1) / n) for i in range(n + 1)})
    best = None
    for _ in range(30):
        matrix = mp.matrix(n + 1, n + 1)
        right = mp.matrix(n + 1, 1)
        for row, i in enumerate(picks):
            for column, power in enumerate(powers):
                matrix[row, column] = points[i] ** power
            matrix[row, n] = (-1) ** row / weights[i]
            right[row] = values[i]
        solution = mp.lu_solve(matrix, right)
        coefficients = [solution[i] for i in range(n)]
        errors = [
            w * (sum(c * p**k for c, k in zip(coefficients, powers)) - v)
            for p, v, w in zip(points, values, weights)
        ]
        worst = max(abs(e) for e in errors)
        if best is None or worst < best[0]:
            best = (worst, coefficients)
        if worst < abs(solution[n]) * mp.mpf("1.0005"):
            break
        # One extremum for each run of equal sign; the n+1 adjacent ones with the largest smallest error.
        extrema = []
        for i, e in enumerate(errors):
            if extrema and (errors[extrema[-1]] > 0) == (e > 0):
                if abs(e) > abs(errors[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        while len(extrema) > n + 1:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        if len(extrema) < n + 1:
            break
        picks = extrema
    return best


def fit(function, weight, low, high, degree, bits):
    points = [
        (low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * GRID)) for i in range(GRID)
    ]
    values = [function(p) for p in points]
    weights = [weight(p) for p in points]
    done = []
    for power in range(degree + 1):
        rest = [v - sum(c * p**k for k, c in enumerate(done)) for p, v in zip(points, values)]
        _, coefficients = fit_free(points, rest, weights, list(range(power, degree + 1)))
        done.append(round_to(coefficients[0], bits))
    error = max(
        abs(w * (sum(c * p**k for k, c in enumerate(done)) - v)) for p, v, w in zip(points, values, weights)
    )
    return done, error


def square_root(function):
    """A function of z = x^2 from one of x."""
    return lambda z: function(mp.sqrt(z))


def atanh_tail(z):  # (log((1+s)/(1-s)) - 2s) / s^3 for z = s^2
    s = mp.sqrt(z)
    return (mp.log((1 + s) / (1 - s)) - 2 * s) / s**3


LN2_HALF = mp.log(2) / 2 * mp.mpf("1.001")
PI_4 = mp.pi / 4 * mp.mpf("1.0001")
TAN_PI_8 = mp.mpf("0.4143")
ATANH_Z = mp.mpf("0.0296")  # ((sqrt(2)-1)/(sqrt(2)+1))^2, and a little
ERF_SPLIT = mp.mpf("0.9277")

# name, comment, function, weight of its error, range, degree, bits
FITS = [
    ("kExpF32", "(e^r - 1 - r) / r^2 for |r| <= ln(2)/2",
     lambda r: (mp.exp(r) - 1 - r) / r**2, lambda r: r**2 / mp.exp(r), -LN2_HALF, LN2_HALF, 4, 24),
    ("kExpF64", "the same",
     lambda r: (mp.exp(r) - 1 - r) / r**2, lambda r: r**2 / mp.exp(r), -LN2_HALF, LN2_HALF, 10, 53),
    ("kLog1pF32", "(log(1+m) - m + m^2/2) / m^3 for |m| <= 1/3",
     lambda m: (mp.log1p(m) - m + m**2 / 2) / m**3, lambda m: m**3 / mp.log1p(m), mp.mpf("-0.33334"), mp.mpf("0.33334"), 8, 24),
    ("kAtanhF64", "(2 atanh(s) - 2s) / s^3 in z = s^2, for (1+s)/(1-s) from sqrt(1/2) to sqrt(2)",
     atanh_tail, lambda z: z, mp.mpf(10) ** -12, ATANH_Z, 6, 53),
    ("kAtanhTailF64", "(2 atanh(s) - 2s - 2/3 s^3) / s^5 in z = s^2, the same range",
     lambda z: (atanh_tail(z) - mp.mpf(2) / 3) / z, lambda z: z**2, mp.mpf(10) ** -12, ATANH_Z, 6, 53),
    ("kTanhF32", "(tanh(x) - x) / x^3 in z = x^2, for |x| <= 0.56",
     square_root(lambda x: (mp.tanh(x) - x) / x**3), square_root(lambda x: x**3 / mp.tanh(x)), mp.mpf(10) ** -9, mp.mpf("0.56") ** 2, 4, 24),
    ("kErfSmallF32", "erf(x) / x - 1 in z = x^2, for |x| <= 0.9277",
     square_root(lambda x: mp.erf(x) / x - 1), square_root(lambda x: x / mp.erf(x)), mp.mpf(10) ** -9, ERF_SPLIT**2, 6, 24),
    ("kErfLargeF32", "log(erfc(t)) / t + 1 for t from 0.9277 to 4",
     lambda t: mp.log(mp.erfc(t)) / t + 1, lambda t: mp.erfc(t) * t / mp.erf(t), ERF_SPLIT - mp.mpf("0.001"), mp.mpf("4.0"), 6, 24),
    ("kErfSmallF64", "erf(x) / x - 1 in z = x^2, for |x| <= 0.9277",
     square_root(lambda x: mp.erf(x) / x - 1), square_root(lambda x: x / mp.erf(x)), mp.mpf(10) ** -12, ERF_SPLIT**2, 11, 53),
    ("kErfLargeF64", "log(erfc(t)) / t + 1 in u = t - 2, for t from 0.9277 to 6",
     lambda u: mp.log(mp.erfc(u + 2)) / (u + 2) + 1, lambda u: mp.erfc(u + 2) * (u + 2) / mp.erf(u + 2),
     ERF_SPLIT - mp.mpf("2.001"), mp.mpf("4.0"), 20, 53),
    ("kSin", "(sin(y) - y) / y^3 in z = y^2, for |y| <= pi/4",
     square_root(lambda y: (mp.sin(y) - y) / y**3), square_root(lambda y: y**3 / mp.sin(y)), mp.mpf(10) ** -12, PI_4**2, 5, 53),
    ("kCos", "(cos(y) - 1 + y^2/2) / y^4 in z = y^2, for |y| <= pi/4",
     square_root(lambda y: (mp.cos(y) - 1 + y**2 / 2) / y**4), square_root(lambda y: y**4 / mp.cos(y)), mp.mpf(10) ** -10, PI_4**2, 5, 53),
    ("kAtan", "(atan(t) - t) / t^3 in z = t^2, for |t| <= tan(pi/8)",
     square_root(lambda t: (mp.atan(t) - t) / t**3), square_root(lambda t: t**3 / mp.atan(t)), mp.mpf(10) ** -12, TAN_PI_8**2, 11, 53),
    ("kAsin", "(asin(x) - x) / x^3 in z = x^2, for |x| <= 1/2",
     square_root(lambda x: (mp.asin(x) - x) / x**3), square_root(lambda x: x**3 / mp.asin(x)), mp.mpf(10) ** -12, mp.mpf("0.2501"), 11, 53),
    ("kExp2", "(2^r - 1) / r for |r| <= 1/2, for pow of f32",
     lambda r: (mp.power(2, r) - 1) / r, lambda r: r / mp.power(2, r), mp.mpf("-0.5001"), mp.mpf("0.5001"), 6, 53),
]


def main():
    print("// Generated by tools/minimax/minimax.py: polynomials in ascending powers, with their largest weighted error.")
    print("#ifndef CERMET_PASSES_MATH_POLYNOMIALS_H_\n#define CERMET_PASSES_MATH_POLYNOMIALS_H_\n")
    print("namespace cermet::math {\n")
    for name, comment, function, weight, low, high, degree, bits in FITS:
        coefficients, error = fit(function, weight, low, high, degree, bits)
        print(f"{name} {mp.nstr(mp.log(error, 2), 5)}", file=sys.stderr)
        print(f"// {comment}; error 2^{mp.nstr(mp.log(error, 2), 4)}.")
        body = ", ".join(float(c).hex() for c in coefficients)
        print(f"inline constexpr double {name}[] = {{{body}}};\n")
    print("}  // namespace cermet::math\n\n#endif  // CERMET_PASSES_MATH_POLYNOMIALS_H_")


main()
