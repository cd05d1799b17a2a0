"""What is personal in a text: addresses, telephone, card, account and other long numbers; pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address
from typing import Final

from phonenumbers import Leniency, PhoneNumberMatcher

from parlour.kit.masking.own import NO_PATTERNS, Patterns
from parlour.kit.masking.plain import plainly, unpacked


class Kind(StrEnum):
    """What was found, or taken to be it."""

    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    IBAN = "iban"
    NUMBER = "number"
    OWN = "own"
    """What a workspace's own pattern says."""


SHORTEST_RUN: Final = 6
"""Digits in a row that are a long number; a year, a price or a time of day has fewer."""
_SHORTEST_GROUPS: Final = 7
"""Digits in groups that are a long number, unless they are a date or an amount."""
_LONGEST_EMAIL: Final = 254

_BETWEEN: Final = (
    r"[ \t\u00a0\u2000-\u200a\u202f\u3000.\-/()\u00ad\u2010-\u2015\u2212"
    r"\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069]"
)
"""What people, and what they copy from, put between the digits of one number."""
_NUMBER: Final = re.compile(rf"\+?\(?\d(?:{_BETWEEN}{{0,3}}\d)+")
_DIGITS: Final = re.compile(r"\d+")

_AT: Final = r"(?:@|\uff20|%40|&#64;|&#x40;|&commat;|\s?[\[(]at[\])]\s?)"
_AROUND: Final = ".!*_~`\\"
"""What may stand around an address and is no part of it: the end of a sentence, Markdown."""
_SIGN: Final = re.compile(_AT, re.IGNORECASE)
_ATOM: Final = r"[^\s@\uff20<>()\[\]{},;:\"'|\u2022=?&/]*"
_NAME: Final = re.compile(rf"{_ATOM}(?:'(?=\w){_ATOM})*")
"""What may stand before the sign, read backwards; of quotes, one that is inside a name."""
_DOMAIN: Final = re.compile(rf"{_ATOM}(?:\s?[\[(]dot[\])]\s?{_ATOM})*", re.IGNORECASE)
_IBAN: Final = re.compile(r"(?<![^\W_])[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z\d]){11,30}", re.IGNORECASE)

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4: Final = re.compile(rf"(?<![\d.])(?:{_OCTET}\.){{3}}{_OCTET}(?!\.?\d)")
_IPV6: Final = re.compile(r"(?<![\w:])[\dA-F]{0,4}(?::[\dA-F]{0,4}){2,7}(?![\w:])", re.IGNORECASE)

_DAY: Final = r"(?:[12]\d|3[01]|0?[1-9])"
_MONTH: Final = r"(?:1[0-2]|0?[1-9])"
_YEAR: Final = r"(?:19|20)\d\d"
_DATE: Final = re.compile(
    rf"(?<!\d)(?:{_YEAR}([-/.]){_MONTH}\1{_DAY}|{_DAY}([-/.]){_DAY}\2{_YEAR})(?!\d)"
    r"(?:[ \t]+(?:[01]?\d|2[0-4])(?!\d))?"
)
"""A date, in whatever order, and the hour after it, which a colon ends."""
_AMOUNT: Final = re.compile(r"\d{1,3}(?:[.\u00a0\u202f ]\d{3}){1,2}")
"""Up to hundreds of millions, in groups of three; only when nothing else speaks for a number."""


@dataclass(frozen=True, slots=True)
class Found:
    """A personal detail in a text, from `start` up to `end`."""

    start: int
    end: int
    kind: Kind


def find(text: str, own: Patterns = NO_PATTERNS) -> list[Found]:
    """Find personal details, in order, none inside another; where two meet they become one.

    They are looked for in the text as it stands, as it reads once what is written in another way
    is written plainly, and in what is packed into it.
    """
    found = [*_all(text, own)]
    plain = plainly(text)
    if plain is not None:
        there = _all(plain.text, own)
        found += [Found(*plain.span(each.start, each.end), each.kind) for each in there]
    for start, end, meant in unpacked(text):
        inside = next(_all(meant, own), None)
        if inside is not None:
            found.append(Found(start, end, inside.kind))
    return _merged(found)


def _all(text: str, own: Patterns) -> Iterator[Found]:
    for pattern in own:
        for found in pattern.finditer(text):
            yield Found(found.start(), found.end(), Kind.OWN)
    yield from _emails(text)
    if any(map(str.isdigit, text)):
        yield from _networks(text)
        yield from _ibans(text)
        yield from _phones(text)
        yield from _numbers(text)


def _emails(text: str) -> Iterator[Found]:
    # Each sign is looked at once, with what stands close to it: linear, whatever the text.
    place = 0
    for sign in _SIGN.finditer(text):
        before = text[max(place, sign.start() - 64) : sign.start()]
        name = _part(_NAME, before[::-1])[::-1].lstrip(_AROUND)
        domain = _part(_DOMAIN, text, sign.end()).rstrip(_AROUND)
        if name and _is_domain(domain):
            place = sign.end() + len(domain)
            yield Found(sign.start() - len(name), place, Kind.EMAIL)


def _part(of: re.Pattern[str], text: str, start: int = 0) -> str:
    """Return what stands at a place and may be part of an address."""
    found = of.match(text, start, start + _LONGEST_EMAIL)
    return found[0] if found else ""


def _is_domain(text: str) -> bool:
    return any(map(str.isalnum, text))


def _networks(text: str) -> Iterator[Found]:
    for found in _IPV4.finditer(text):
        yield Found(*found.span(), Kind.NUMBER)
    for found in _IPV6.finditer(text):
        if _is_ipv6(found[0]):
            yield Found(*found.span(), Kind.NUMBER)


def _is_ipv6(written: str) -> bool:
    """Whether this is one; a time of day is none, nor is what programs write with two colons."""
    if not any(map(str.isdigit, written)):
        return False
    try:
        IPv6Address(written)
    except ValueError:
        return False
    return True


def _ibans(text: str) -> Iterator[Found]:
    for found in _IBAN.finditer(text):
        # What follows an IBAN may look like more of it: the longest part that adds up is one.
        written = found[0]
        for end in range(len(written), 14, -1):
            if written[end - 1].isalnum() and _adds_up(written[:end]):
                yield Found(found.start(), found.start() + end, Kind.IBAN)
                break


def _adds_up(written: str) -> bool:
    """Whether an IBAN's check digits are right."""
    plain = "".join(each for each in written if each.isalnum()).upper()
    turned = plain[4:] + plain[:4]
    return turned.isascii() and int("".join(str(int(each, 36)) for each in turned)) % 97 == 1


def _phones(text: str) -> Iterator[Found]:
    if "+" not in text and "\uff0b" not in text:
        return  # without a country only the digits tell, and those are looked at in any case
    for found in PhoneNumberMatcher(text, None, leniency=Leniency.POSSIBLE, max_tries=1000):
        yield Found(found.start, found.end, Kind.PHONE)


def _numbers(text: str) -> Iterator[Found]:
    for whole in _NUMBER.finditer(text):
        place = whole.start()
        for date in _DATE.finditer(text, whole.start(), whole.end()):
            yield from _number(text, place, date.start())
            place = date.end()
        yield from _number(text, place, whole.end())


def _number(text: str, start: int, end: int) -> Iterator[Found]:
    written = text[start:end]
    groups = _DIGITS.findall(written)
    count = sum(map(len, groups))
    is_short = count < _SHORTEST_GROUPS or _AMOUNT.fullmatch(written.strip())
    if is_short and max(map(len, groups), default=0) < SHORTEST_RUN:
        return
    is_card = 13 <= count <= 19 and _checks("".join(groups))
    kind = Kind.CARD if is_card else Kind.PHONE if written[0] == "+" else Kind.NUMBER
    lead = len(written) - len(written.lstrip(" \n\t\r"))
    yield Found(start + lead, end, kind)


def _checks(digits: str) -> bool:
    """Whether a card number's last digit is right (Luhn)."""
    doubled = [sum(divmod(2 * int(each), 10)) for each in digits[-2::-2]]
    return (sum(doubled) + sum(int(each) for each in digits[-1::-2])) % 10 == 0


def _merged(found: list[Found]) -> list[Found]:
    kept: list[Found] = []
    for each in sorted(found, key=lambda one: (one.start, -one.end)):
        if kept and each.start < kept[-1].end:
            last = kept[-1]
            kept[-1] = Found(last.start, max(last.end, each.end), last.kind)
        else:
            kept.append(each)
    return kept
