"""The calculator: exact arithmetic in digits or words."""

from assistant_app.core.text import N_
from assistant_app.core.tools import Risk, ToolError
from assistant_app.tools.reading.expression import DividedByZero, NotArithmetic, TooLarge, evaluate
from assistant_app.tools.signature import tool


@tool(
    order=10,
    risk=Risk.READ,
    title=N_("Calculator"),
    summary=N_("Calculates exactly: 12 × 7, 15% of 80, sqrt(144)."),
)
def calculator(expression: str) -> str:
    """Calculate an arithmetic expression exactly.

    Args:
        expression: what to calculate, for example 12 + 7 or 15% of 80
    """
    given = expression.strip().rstrip("=?？。 ")
    try:
        return f"{given} = {evaluate(given)}"
    except TooLarge:
        raise ToolError(N_("The result of {text} is too large to be calculated."), text=given[:80]) from None
    except DividedByZero:
        raise ToolError(
            N_("{text} has no result: nothing can be divided by zero."), text=given[:80]
        ) from None
    except NotArithmetic as error:
        raise ToolError(
            N_("“{text}” cannot be calculated; write it with digits and + - * / ^ sqrt()."),
            text=given[:80],
            detail=str(error),
        ) from error
