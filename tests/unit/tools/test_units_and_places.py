"""Units and time zones by what people call them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant_app.core.tools import ToolError
from assistant_app.tools.convert_units import convert_units
from assistant_app.tools.date_time import date_time
from assistant_app.tools.services import Services


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (12, "km", "miles", "7.4565"),
        (12, "公里", "英里", "7.4565"),
        (100, "°F", "°C", "37.778"),
        (37, "celsius", "fahrenheit", "98.6"),
        (-40, "F", "C", "-40"),
        (300, "K", "C", "26.85"),
        (30, "摄氏度", "华氏度", "86"),
        (5, "pounds", "kg", "2.268"),
        (1, "斤", "克", "500"),
        (2, "cups", "ml", "473.18"),
        (6, "feet", "cm", "182.88"),
        (1, "inch", "centimeters", "2.54"),
        (100, "km/h", "mph", "62.137"),
        (2, "pounds of flour", "grams", "907.18"),
        (1, "gallon", "liters", "3.7854"),
        (1, "GB", "MB", "1000"),
        (1, "亩", "平方米", "666.67"),
        (1.5, "hours", "minutes", "90"),
        (500, "kcal", "kJ", "2092"),
        (2, "千卡", "卡路里", "2000"),
        (1, "light years", "km", "9460700000000"),
        (0.001, "mm", "km", "0.000000001"),
        (10, "Miles", "Kilometers", "16.093"),
        (1, "吨", "斤", "2000"),
    ],
)
def test_converts(value: float, source: str, target: str, result: str) -> None:
    assert convert_units(float(value), source, target) == f"{value} {source} = {result} {target}"


def test_different_kinds_and_unknown_units_are_said() -> None:
    with pytest.raises(ToolError, match="different things"):
        convert_units(5.0, "km", "kg")
    for strange in ("bananas", "m**9999", "", "__import__", "dollars"):
        with pytest.raises(ToolError, match="no unit"):
            convert_units(5.0, strange, "kg")


def _services() -> Services:
    nothing: Any = None
    return Services(
        nothing, nothing, lambda event: None, False, lambda: datetime(2026, 11, 24, 5, 40, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("place", "clock"),
    [
        ("Tokyo", "14:40"),
        ("东京", "14:40"),
        ("Japan", "14:40"),
        ("Beijing", "13:40"),
        ("北京时间", "13:40"),
        ("New York", "00:40"),
        ("纽约", "00:40"),
        ("San Francisco", "21:40"),
        ("Munich", "06:40"),
        ("Paris, France", "06:40"),
        ("Germany", "06:40"),
        ("London", "05:40"),
        ("São Paulo", "02:40"),
        ("Kathmandu", "11:25"),
        ("UTC", "05:40"),
        ("in Sydney", "16:40"),
        ("York", "05:40"),
        ("福州", "13:40"),
        ("Mexico", "23:40"),
    ],
)
def test_knows_the_time_in(place: str, clock: str) -> None:
    result = date_time(_services(), place)
    assert result.startswith(f"{place}: 2026-11-2") and f" {clock} " in result


@pytest.mark.parametrize("place", ["", "here", "这里"])
def test_the_time_here_has_no_place(place: str) -> None:
    assert date_time(_services(), place) == "2026-11-24 05:40 Tuesday"


def test_a_place_of_several_zones_asks_for_a_city() -> None:
    for place in ("USA", "Canada", "澳大利亚", "Europe"):
        with pytest.raises(ToolError, match="more than one time zone"):
            date_time(_services(), place)


def test_an_unknown_place_is_said() -> None:
    with pytest.raises(ToolError, match="Narnia"):
        date_time(_services(), "Narnia")
