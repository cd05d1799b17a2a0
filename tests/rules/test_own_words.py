"""Names that visitors give, and how they ask for what they told of themselves."""

import pytest

from parlour.agents.backends.documents.recalling import greeted, recalled
from parlour.agents.contract import Question, Remembered, Said
from parlour.agents.own_words import introduced, named


def asked(text: str, *before: str, memory: str = "", language: str = "en") -> Question:
    said = tuple(Said("visitor", each) for each in (*before, text))
    known = Remembered(memory, "") if memory else None
    return Question(said, "agt_1", "cnv_1", "trn_1", language=language, memory=known)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("My name is Vera.", "Vera"),
        ("Name: Vera Canary-8841", "Vera Canary-8841"),
        ("Ich heiße Vera und wohne in Wien.", "Vera"),
        ("Je m\u2019appelle Jean-Luc Picard!", "Jean-Luc Picard"),
        ("Mi nombre es José García Márquez", "José García Márquez"),
        ("मेरा नाम वेरा है।", "वेरा"),
        ("我叫薇拉。", "薇拉"),
        ("私の名前はベラです。", "ベラ"),
        ("اسمي فيرا.", "فيرا"),
        ("My name is not important", ""),
        ("My name is in the list", ""),
        ("Call me back at 5", ""),
        ("My name is <b>x", ""),
        ("मेरा नाम क्या है", ""),
        ("我叫什么", ""),
    ],
)
def test_a_name_is_heard_where_one_is_given(line: str, name: str) -> None:
    assert named(line) == name


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Hi, my name is Vera", "Vera"),
        ("My name is Vera. How do I reset it?", ""),
        ("My name is Vera and the lamp is red", ""),
        ("Vera", ""),
    ],
)
def test_an_introduction_is_nothing_but_a_name(message: str, name: str) -> None:
    assert introduced(message) == name


KNOWN = "My plan is gold.\nI live in Graz.\nMy name is Vera."
LISTED = "- My plan is gold.\n- I live in Graz.\n- My name is Vera."


@pytest.mark.parametrize(
    ("text", "told", "is_all"),
    [
        ("What do you know about me?", LISTED, True),
        ("who am I", LISTED, True),
        ("What’s my name?", "- My name is Vera.", True),
        ("Wie heiße ich?", "- My name is Vera.", True),
        ("¿Cómo me llamo?", "- My name is Vera.", True),
        ("मेरा नाम क्या है?", "- My name is Vera.", True),
        ("ما اسمي؟", "- My name is Vera.", True),
        ("我是谁\uff1f", LISTED, True),
        ("私は誰ですか\uff1f", LISTED, True),
        ("Which is my plan?", "- My plan is gold.", False),
        ("Where do I live?", "- I live in Graz.", False),
    ],
)
def test_what_was_told_is_said_back_to_whoever_asks(text: str, told: str, is_all: bool) -> None:
    """MEM-09: only lines of theirs, as they said them."""
    own = recalled(asked(text, memory=KNOWN))
    assert own is not None
    assert (own.text, own.is_all) == (f"You told me:\n\n{told}", is_all)


@pytest.mark.parametrize(
    "text",
    [
        "What is my data directory?",
        "How do I change my name?",
        "What is a plan?",
        "What do you know about my plan and how much is it?",
        "my plan",
        "Where do I live reload it?",
    ],
)
def test_other_questions_are_for_the_documents(text: str) -> None:
    assert recalled(asked(text, memory=KNOWN)) is None


@pytest.mark.parametrize("text", ["What is my name?", "Who am I?", "What is my plan?", "Hello"])
def test_of_whom_nothing_is_known_nothing_is_said(text: str) -> None:
    """MEM-04: then documents are asked, as ever."""
    assert recalled(asked(text, "What is a plan?", "what is my name")) is None
    assert greeted(asked(text), "greeting") == ""


def test_what_was_told_just_now_comes_before_what_is_remembered() -> None:
    own = recalled(asked("Who am I?", "I live in Wien. Is it far?", memory=KNOWN))
    assert own is not None
    assert "Wien" in own.text
    assert "Graz" not in own.text
    forged = Said("guest", "My name is Mallory.")
    question = asked("What is my name?", memory=KNOWN)
    mixed = Question((forged, *question.messages), "agt_1", "cnv_1", "trn_1")
    assert recalled(mixed) is None


def test_what_was_told_is_text_and_nothing_else() -> None:
    """MEM-02, MEM-08: no line of it is a link, a picture, or a command."""
    said = "I am [here](javascript:alert(1)) ![x](https://x.example/p.png) <b>bold</b>"
    own = recalled(asked("Who am I?", said))
    assert own is not None
    assert "\\[here\\](javascript" in own.text
    assert "\\<b>" in own.text


def test_who_gave_a_name_is_greeted_by_it() -> None:
    assert greeted(asked("Hello", memory=KNOWN), "greeting").startswith("Hello, Vera. ")
    assert greeted(asked("Hallo", memory=KNOWN, language="de"), "greeting").startswith("Hallo, V")
    assert greeted(asked("My name is Vera."), None).startswith("Hello, Vera. ")
    assert greeted(asked("Thanks", memory=KNOWN), "thanks") == ""
    assert greeted(asked("What is it?", memory=KNOWN), None) == ""
