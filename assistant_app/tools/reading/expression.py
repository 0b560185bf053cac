"""An arithmetic expression in the words of a user becomes its value."""

import decimal
import re
from fractions import Fraction

from assistant_app.tools.reading.arithmetic_words import in_signs
from assistant_app.tools.reading.exact import (
    CONSTANTS,
    FUNCTIONS,
    FUNCTIONS_OF_MANY,
    NotArithmetic,
    TooLarge,
    bounded,
    factorial,
    number,
    power,
    shown,
)

__all__ = ["DividedByZero", "NotArithmetic", "TooLarge", "evaluate"]

MAX_CHARACTERS = 300
MAX_DEPTH = 40


class DividedByZero(NotArithmetic):
    """Something is divided by zero."""


def evaluate(text: str) -> str:
    """Return the value of an expression as decimal digits. Raises NotArithmetic, DividedByZero, TooLarge."""
    if len(text) > MAX_CHARACTERS:
        raise TooLarge
    tokens = _tokens(in_signs(text))
    parser = _Parser(tokens)
    try:
        value = parser.whole()
    except (ZeroDivisionError, decimal.DivisionByZero) as error:
        raise DividedByZero from error
    except (decimal.DecimalException, ValueError, IndexError) as error:
        raise NotArithmetic(str(error)) from error
    except OverflowError as error:
        raise TooLarge from error
    return shown(value)


_TOKEN = re.compile(
    r"\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d{1,4}(?![\d.]))?|\.\d+)|(log10|log2|[a-z]+)|([-+*/^%!(),]))"
)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotArithmetic(text[position : position + 10])
        tokens.append(match.group().strip())
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent over tokens; a percentage behind + or - is one of the left side."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._percent = False

    def whole(self) -> Fraction:
        value = self._sum()
        if self._at != len(self._tokens):
            raise NotArithmetic(self._tokens[self._at])
        return value

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self._peek()
        if token and token in wanted:
            self._at += 1
            return token
        return ""

    def _sum(self) -> Fraction:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooLarge
        value = self._product()
        while sign := self._take("+", "-"):
            self._percent = False
            right = self._product()
            if self._percent:
                right = value * right
            value = bounded(value + right if sign == "+" else value - right)
        self._percent = False
        self._depth -= 1
        return value

    def _product(self) -> Fraction:
        value = self._sign()
        while True:
            alone = self._percent
            if self._take("*"):
                value, alone = value * self._sign(), False
            elif self._take("/"):
                value, alone = value / self._sign(), False
            elif self._take("mod"):
                value, alone = value % self._sign(), False
            elif self._peek() == "(" or self._peek()[:1].isalpha():
                value, alone = value * self._power(), False
            else:
                self._percent = alone
                return value
            self._percent = alone
            bounded(value)

    def _sign(self) -> Fraction:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooLarge
        sign = self._take("-", "+")
        value = -self._sign() if sign == "-" else self._sign() if sign else self._power()
        self._depth -= 1
        return value

    def _power(self) -> Fraction:
        value = self._postfix()
        if self._take("^"):
            self._percent = False
            return bounded(power(value, self._sign()))
        return value

    def _postfix(self) -> Fraction:
        value = self._atom()
        self._percent = False
        while sign := self._take("!", "%"):
            following = self._peek()
            if sign == "!":
                value = factorial(value)
            elif following[:1].isdigit():
                # "17 % 5": between two numbers it is the remainder.
                value = value % self._sign()
            else:
                value, self._percent = value / 100, True
        return value

    def _atom(self) -> Fraction:
        token = self._peek()
        self._at += 1
        if token[:1].isdigit() or token[:1] == ".":
            return number(token)
        if token == "(":
            value = self._sum()
            if not self._take(")") and self._at < len(self._tokens):
                raise NotArithmetic(self._peek())
            return value
        if token in CONSTANTS:
            return CONSTANTS[token]
        if token in FUNCTIONS:
            return bounded(FUNCTIONS[token](self._atom() if self._peek() != "-" else self._sign()))
        if token in FUNCTIONS_OF_MANY:
            return FUNCTIONS_OF_MANY[token](self._arguments())
        raise NotArithmetic(token)

    def _arguments(self) -> list[Fraction]:
        if not self._take("("):
            raise NotArithmetic(self._peek())
        values = [self._sum()]
        while self._take(",", "+"):
            values.append(self._sum())
        self._take(")")
        return values
