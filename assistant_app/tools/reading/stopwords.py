"""Which words of a question say what it is about."""

import re

from assistant_app.tools.reading.numbers import normal

_ENGLISH = frozenset(
    "a an the this that these those it its i i'm i'd i've im id you he she we they me my mine your yours"
    " our us them their is are was were be been being am do does did done doing have has had having can"
    " can't cannot could will won't would shall should may might must to of in on at by for from with"
    " without into onto about as and or but if so than then there here what what's which who whom whose"
    " when where where's why how how's not no yes don't doesn't isn't any some please tell explain say let"
    " let's want wants need like get gets got give make just really also too very much many one ones thing"
    " things something anything everything way possible able know hey hi hello ok okay thanks".split()
)
_WHOLE = (
    "应用|使用|用户|用途|用处|作用|费用|信用|通用|功能|智能|性能|能力|能量|会员|会话|会议|机会|误会|需要|要求|重要|摘要"
    "|地方|地址|地区|地图|当地|目的|了解|在线|存在|得到|记得|觉得|其他|其它|他人|想法|有效|所有|把握|这样|那样"
)
"""Words with a character in them that is a function word when it stands alone."""
_FUNCTION = (
    "请问|请|关于|怎么样|怎么|怎样|如何|什么|哪里|哪儿|哪些|哪个|为什么|可以|能不能|能否|是否|有没有|是不是|多少|一下|告诉我"
    "|帮我|我们|你们|您们|他们|它们|她们|我想|我要|想要|能|会|吗|呢|吧|啊|呀|了|的|地|得|我|你|您|它|他|她|这个|那个|这|那|是|在"
    "|有|和|与|要|想|把|让|给|说说|介绍|用"
)
_CHINESE = re.compile(f"({_WHOLE})|{_FUNCTION}")


def content_words(text: str) -> list[str]:
    """Return the telling words, in order: English words, and Chinese as runs between function words."""
    found: list[str] = []
    for run in re.findall(r"[㐀-鿿]+|[^\W㐀-鿿]+(?:['+.-][^\W㐀-鿿]+)*", normal(text)):
        if run[0] >= "㐀":
            found += _CHINESE.sub(lambda match: match[1] or " ", run).split()
        elif run not in _ENGLISH:
            found.append(run)
    return found
