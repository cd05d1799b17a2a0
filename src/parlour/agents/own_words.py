"""The sentences in which visitors tell of themselves, and the names by which they do; pure."""

import re
from collections.abc import Iterable
from typing import Final

_SENTENCE: Final = re.compile(r"(?<=[.!?…؟])\s+|(?<=[。\uff01\uff1f।])\s*|[\n\r]+")
_LONGEST: Final = 240
_QUESTION: Final = ("?", "\uff1f", "؟")
_SPACED: Final = (
    # English
    r"i am|i'm|i have|i've|i use|i work|i live|i prefer|i like|i speak|i study|i own|i manage|i run"
    r"|i teach|i moved|my|call me|we are|we're|we have|we use|our"
    # German
    r"|ich bin|ich habe|ich heiße|ich heisse|ich nutze|ich verwende|ich benutze|ich arbeite"
    r"|ich wohne|ich lebe|ich spreche|mein|meine|meinen|meinem|meiner|wir sind|wir haben"
    r"|wir nutzen|unser|unsere"
    # French
    r"|je suis|j'ai|je m'appelle|j'utilise|je travaille|j'habite|je vis|je préfère|je parle|mon|ma"
    r"|mes|nous sommes|nous avons|nous utilisons|notre|nos"
    # Spanish
    r"|soy|me llamo|tengo|uso|trabajo|vivo|prefiero|hablo|mi|mis|somos|tenemos|usamos|nuestro"
    r"|nuestra"
    # Italian
    r"|sono|mi chiamo|ho|lavoro|abito|preferisco|parlo|il mio|la mia|i miei|siamo|abbiamo|usiamo"
    r"|nostro|nostra"
    # Dutch
    r"|ik ben|ik heb|ik heet|ik gebruik|ik werk|ik woon|ik spreek|mijn|wij zijn|we zijn|we hebben"
    r"|onze"
    # Portuguese
    r"|sou|estou|chamo-me|me chamo|tenho|trabalho|moro|prefiro|falo|meu|minha|meus|temos|nosso"
    r"|nossa"
    # Polish
    r"|jestem|mam|nazywam się|używam|pracuję|mieszkam|wolę|mówię|mój|moja|moje|mamy|nasz|nasza"
    # Arabic
    r"|أنا|انا|اسمي|عندي|لدي|أعمل|أسكن|أستخدم|أفضل|نحن|لدينا"
    # Hindi
    r"|मैं|मेरा|मेरी|मेरे|मुझे|हम|हमारा|हमारी|हमारे"
)
_UNSPACED: Final = (
    r"我是|我叫|我的|我有|我在|我用|我住|我喜欢|我们|私は|私の|僕は|僕の|俺は|わたしは|と申します"
)
_OWN: Final = re.compile(rf"(?<!\w)(?:{_SPACED})(?!\w)|{_UNSPACED}", re.IGNORECASE)
_ABOUT: Final = re.compile(r"\W*((?:\w|')+\W+(?:\w|')+\W+(?:\w|')+)", re.IGNORECASE)
"""What a sentence begins with: "My name is", "I live in". A later one takes its place."""


_ASKS: Final = re.compile(
    r"\W*(?:"
    # English, German, French, Spanish, Italian, Dutch, Portuguese, Polish
    r"what|how|why|where|when|who|whose|which|can|could|do|does|did|is|are|will|would|should"
    r"|tell|show|please|help"
    r"|was|wie|warum|wieso|wo|wann|wer|welche[rs]?|kann|können|könnten?|soll|zeigen?|bitte"
    r"|comment|pourquoi|où|quand|qui|quel(?:le)?s?|qu'est|est-ce|puis-je|pouvez|peux"
    r"|qué|cómo|dónde|cuándo|quién|cuál(?:es)?|puedo|puede|cosa|come|perché|dove|quale?|quali"
    r"|posso|puoi|wat|hoe|waarom|waar|wanneer|welke?|kunt|o que|como|por|onde|quem|quais"
    r"|co|jak|dlaczego|gdzie|kiedy|kto|jaki[ea]?|jaka|czy"
    r")(?!\w)|.*(?:什么|吗|呢|怎么|谁|ですか|ますか|何|क्या(?: है| हैं)?)\W*$",
    re.IGNORECASE,
)
"""How a sentence begins, or ends, that asks for something, with a question mark or without."""
_NAMED: Final = re.compile(
    r"(?i:(?:\W*(?:hi|hello|hey|hallo|guten tag|bonjour|hola|ciao|salut|hoi|olá|oi|cześć)\W+)?"
    r"\W*(?:my (?:first )?name(?: is|'s)|name:|call me|mein name ist|ich hei(?:ß|ss)e"
    r"|je m'appelle|mon nom est|me llamo|mi nombre es|mi chiamo|il mio nome è|ik heet"
    r"|mijn naam is|me chamo|chamo-me|(?:o )?meu nome é|nazywam się|mam na imię|اسمي|मेरा नाम"
    r"|我叫|我的名字是|私の名前は))\s*"
    r"(?P<name>[^\W\d_](?:[^\W_]|[\u0300-\u036f\u0900-\u097f'’.-]){0,39}"
    r"(?: [^\W\d_a-z](?:[^\W_]|[\u0300-\u036f\u0900-\u097f'’.-]){0,39}){0,3}?)"
    r"(?: है|です)?(?P<rest>[.!,;。\uff01\uff0c।…\s]*$|[,;。\uff0c।]| (?:and|und|et|y|e|en|i) .*)"
)
"""A name after the words that introduce one."""
_ENDS: Final = ".!,;。\uff01\uff0c।… "


def merged(before: Iterable[str], said: Iterable[str]) -> list[str]:
    """Return what is known of somebody who said these messages, oldest first; newest lines first.

    `before`: what was known, newest first. What begins alike takes the place of what is older.
    """
    kept: dict[str, str] = {}
    for line in [*reversed([*before]), *_told(said)]:
        about = _about(line)
        kept.pop(about, None)
        kept[about] = line
    return [*reversed(kept.values())]


def named(line: str) -> str:
    """Return the name that a line gives for whoever says it: "My name is Vera."; else empty."""
    text = " ".join(line.replace("\u2019", "'").split())
    found = _NAMED.match(text)
    if found is None or _ASKS.match(text):
        return ""
    name = found["name"].rstrip(".'-").removesuffix("です")
    return name if name[:1].upper() == name[:1] else ""


def introduced(message: str) -> str:
    """Return the name of whoever says nothing but their name; else empty."""
    found = _NAMED.match(" ".join(message.replace("\u2019", "'").split()))
    if found is None or found["rest"].strip(_ENDS) or found.end() < len(found.string):
        return ""
    return named(message)


def _told(said: Iterable[str]) -> Iterable[str]:
    for message in said:
        for piece in _SENTENCE.split(message.replace("\u2019", "'")):
            sentence = " ".join(piece.split())
            if not 4 < len(sentence) <= _LONGEST or sentence.endswith(_QUESTION):
                continue
            if _OWN.search(sentence) and not _ASKS.match(sentence):
                yield sentence


def _about(line: str) -> str:
    begins = _ABOUT.match(line)
    is_slot = begins is not None and _OWN.match(line.lstrip("\"' ")) is not None
    return begins[1].casefold() if begins is not None and is_slot else line.casefold()
