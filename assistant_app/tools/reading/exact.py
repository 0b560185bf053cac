"""Exact numbers in bounded time and space: powers, roots, functions, and how a value is shown.

Values are fractions, so that 0.1 + 0.2 is 0.3; what has no exact value (a root, a logarithm) is
taken from 40 digits and shown with 12.
"""

import decimal
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

MAX_BITS = 20_000
"""Size of a numerator or denominator: 6,000 digits, computed in well under a millisecond."""
MAX_FACTORIAL = 1000
SHOWN_DIGITS = 12
EXACT_DIGITS = 40
"""Exact results up to this length are shown whole."""
EXACT_PLACES = 20
"""More decimals than this come from a root or a logarithm, whose last digits mean nothing."""

_CONTEXT = decimal.Context(prec=40, Emax=999_999, Emin=-999_999)


class NotArithmetic(Exception):
    """The text is no arithmetic, or its result is not a number."""


class TooLarge(Exception):
    """The result would be too large to be computed."""


def number(token: str) -> Fraction:
    """Return the value of digits, also 1e5. Raises TooLarge."""
    exponent = token.partition("e")[2]
    if exponent and abs(int(exponent)) > MAX_BITS // 4:
        raise TooLarge
    return bounded(Fraction(token))


def shown(value: Fraction) -> str:
    """Return all digits of a value that has few, else its first twelve."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    places = max(_power_in(value.denominator, 2), _power_in(value.denominator, 5))
    if rest == 1 and places <= EXACT_PLACES:
        digits = str(abs(value.numerator) * 10**places // value.denominator)
        if len(digits) <= EXACT_DIGITS:
            digits = digits.rjust(places + 1, "0")
            whole = digits[: len(digits) - places]
            decimals = digits[len(digits) - places :].rstrip("0")
            sign = "-" if value < 0 else ""
            return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
    short = decimal.Context(prec=SHOWN_DIGITS, Emax=999_999, Emin=-999_999)
    rounded = short.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(short)
    exponent = rounded.adjusted()
    if -6 <= exponent < EXACT_DIGITS:
        return f"{rounded:f}"
    return f"{rounded.scaleb(-exponent, short).normalize(short):f} × 10^{exponent}"


def _power_in(number: int, prime: int) -> int:
    count = 0
    while number % prime == 0:
        number, count = number // prime, count + 1
    return count


def bounded(value: Fraction) -> Fraction:
    """Return the value; raises TooLarge when it has too many digits."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise TooLarge
    return value


def _decimal(value: Fraction) -> Decimal:
    return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


def _fraction(value: Decimal) -> Fraction:
    if not value.is_finite():
        raise NotArithmetic("not a number")
    if abs(value.adjusted()) > MAX_BITS // 4:
        raise TooLarge
    return Fraction(value)


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """Return a power. Raises NotArithmetic, TooLarge, ZeroDivisionError."""
    if exponent.denominator == 1:
        times = exponent.numerator
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(base) != 1 and base != 0 and size * abs(times) > MAX_BITS:
            raise TooLarge
        if abs(base) == 1:
            return base if times % 2 else Fraction(1)
        return Fraction(base**times)
    if exponent == Fraction(1, 2):
        return _sqrt(base)
    if base < 0:
        raise NotArithmetic("root of a negative number")
    if base == 0:
        return Fraction(0) if exponent > 0 else Fraction(1, 0)
    return _fraction(_CONTEXT.power(_decimal(base), _decimal(exponent)))


def _sqrt(value: Fraction) -> Fraction:
    if value < 0:
        raise NotArithmetic("root of a negative number")
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    if top * top == value.numerator and bottom * bottom == value.denominator:
        return Fraction(top, bottom)
    return _fraction(_CONTEXT.sqrt(_decimal(value)))


def _cbrt(value: Fraction) -> Fraction:
    near = round(abs(float(value)) ** (1 / 3))
    sign = -1 if value < 0 else 1
    if Fraction(near) ** 3 == abs(value):
        return Fraction(sign * near)
    return sign * power(abs(value), Fraction(1, 3))


def factorial(value: Fraction) -> Fraction:
    """Return the factorial of a whole number. Raises NotArithmetic, TooLarge."""
    if value.denominator != 1 or value < 0:
        raise NotArithmetic("factorial of no whole number")
    if value > MAX_FACTORIAL:
        raise TooLarge
    return Fraction(math.factorial(value.numerator))


def _floating(function: Callable[[float], float]) -> Callable[[Fraction], Fraction]:
    def apply(value: Fraction) -> Fraction:
        # 15 digits are right; the rest of a float would look like digits that are known.
        return Fraction(f"{function(float(value)):.14f}")

    return apply


def _log(base: int) -> Callable[[Fraction], Fraction]:
    def apply(value: Fraction) -> Fraction:
        logarithm = _CONTEXT.ln(_decimal(value))
        if not base:
            return _fraction(logarithm)
        quotient = _CONTEXT.divide(logarithm, _CONTEXT.ln(Decimal(base)))
        # The last digits of the quotient are noise: the logarithm of 8 to base 2 is 3.
        return _fraction(quotient.quantize(Decimal(10) ** -30, context=_CONTEXT))

    return apply


FUNCTIONS: dict[str, Callable[[Fraction], Fraction]] = {
    "sqrt": _sqrt,
    "cbrt": _cbrt,
    "abs": abs,
    "round": lambda value: Fraction(math.floor(abs(value) + Fraction(1, 2)) * (-1 if value < 0 else 1)),
    "floor": lambda value: Fraction(math.floor(value)),
    "ceil": lambda value: Fraction(math.ceil(value)),
    "ln": _log(0),
    "log": _log(10),
    "log10": _log(10),
    "log2": _log(2),
    "exp": lambda value: _fraction(_CONTEXT.exp(_decimal(value))),
    "sin": _floating(math.sin),
    "cos": _floating(math.cos),
    "tan": _floating(math.tan),
    "factorial": factorial,
}
FUNCTIONS_OF_MANY: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "min": min,
    "max": max,
    "sum": lambda values: bounded(sum(values, Fraction(0))),
    "total": lambda values: bounded(sum(values, Fraction(0))),
    "avg": lambda values: bounded(sum(values, Fraction(0)) / len(values)),
    "average": lambda values: bounded(sum(values, Fraction(0)) / len(values)),
    "mean": lambda values: bounded(sum(values, Fraction(0)) / len(values)),
}
CONSTANTS = {
    "pi": Fraction("3.141592653589793238462643383279502884197"),
    "e": Fraction("2.718281828459045235360287471352662497757"),
}
