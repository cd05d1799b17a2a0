"""Every sentence of the visitor's pages, in one place per language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one language: for templates, for the page's scripts, and for dead ends."""

    direction: str
    page: Mapping[str, str]
    script: Mapping[str, str]
    """Sent along with the chat page; `{…}` are filled in by the browser."""
    doors: Mapping[str, tuple[str, str]]
    """Title and sentence of each refusal; `{at}` and `{name}` are filled in by the server."""


_ENGLISH: Final = Catalogue(
    direction="ltr",
    page={
        "skip": "Skip to the message box",
        "new": "New conversation",
        "more": "More",
        "theme": "Theme",
        "theme_auto": "Automatic",
        "size": "Text size",
        "size_normal": "Normal",
        "download": "Download conversation",
        "conversation": "Conversation",
        "messages": "Messages",
        "greeting": "Ask {name}.",
        "assistant": "AI assistant",
        "privacy": "No account. This device finds the conversation again for {days} days.",
        "starters": "Try one of these",
        "you": "You said",
        "said": "said",
        "message": "Your message",
        "placeholder": "Ask a question",
        "send": "Send",
        "stop": "Stop the answer",
        "jump": "Jump to the newest message",
        "reconnecting": "Reconnecting… nothing is lost",
        "disclosure": "You are talking to an AI; it can be wrong.",
        "check": "AI can be wrong. Check what matters.",
        "thinking": "Thinking…",
        "writing": "Writing…",
        "copy_answer": "Copy answer",
        "sources": "Sources",
        "source": "Source {n}",
        "close": "Close",
        "open_source": "Read it in the document",
        "section": "From the document",
        "quoted": "The passage this answer rests on",
        "back": "Back to the conversation",
        "retry": "Try again",
        "half": "The answer stopped half-way.",
        "half_kept": "Your question and what came so far are kept.",
        "none": "No answer came.",
        "none_kept": "Your question is kept.",
        "stopped": "You stopped the answer.",
        "stopped_kept": "What came so far is kept.",
        "door_mention": "Something not right? Mention {code} to the person who sent you the link.",
        "try_again": "Try again",
        "someone": "The assistant",
        "read": "Read your conversation",
        "ended": "This link has ended. What was said here stays yours to read.",
        "ended_at": "This link ended on {at}. What was said here stays yours to read.",
        "edit": "Edit queued message",
        "delete": "Delete queued message",
        "send_now": "Send now",
        "next": "Next:",
    },
    script={
        "thinking": "Thinking…",
        "writing": "Writing…",
        "working": "Working…",
        "stopping": "Stopping…",
        "ready": "Answer ready, {n} words",
        "ready_one": "Answer ready, one word",
        "half": "The answer stopped half-way.",
        "half_kept": "Your question and what came so far are kept.",
        "none": "No answer came.",
        "none_kept": "Your question is kept.",
        "stopped": "You stopped the answer.",
        "stopped_kept": "What came so far is kept.",
        "offline": "Sends when you are back online",
        "unsent": "Not sent yet. Trying again…",
        "wait": "Sends in {n} s",
        "refused": "That could not be sent. What you wrote is back in the box.",
        "refused_act": "That did not work just now. Nothing has changed; please try again.",
        "ended": "This chat has closed.",
        "ended_kept": "What you see here stays until you leave the page.",
        "reload": "Reload",
        "cleared": "New conversation. The earlier one is put away.",
        "copy": "Copy",
        "copied": "Copied",
        "copy_code": "Copy code",
        "wrap": "Wrap lines",
        "code": "Code",
        "table": "Table",
        "source": "Source {n}",
        "sources": "Sources",
        "picture": "Picture",
        "task_open": "To do",
        "task_done": "Done",
        "new_one": "1 new",
        "new_many": "{n} new",
        "today": "Today",
        "yesterday": "Yesterday",
        "theme_auto": "Automatic",
        "theme_light": "Light",
        "theme_dark": "Dark",
        "size_normal": "Normal",
        "size_large": "Large",
        "size_larger": "Larger",
        "you": "You",
    },
    doors={
        "not_found": (
            "There is nothing here.",
            "Please check that the whole address was copied, without a full stop at the end.",
        ),
        "expired": (
            "This link has ended.",
            "It worked until {at}. The person who sent it to you can make a new one.",
        ),
        "expired_some_time": (
            "This link has ended.",
            "It worked for a while only. The person who sent it to you can make a new one.",
        ),
        "disabled": (
            "This link is switched off.",
            (
                "Its owner has turned it off for the moment. It may work again later; there is "
                "nothing wrong with your phone or your connection."
            ),
        ),
        "offline": (
            "{name} is away.",
            (
                "It has been taken offline for now. Your link stays good and nothing you wrote is "
                "lost."
            ),
        ),
        "offline_until": (
            "{name} is away.",
            (
                "It has been taken offline for now. Your link stays good and nothing you wrote is "
                "lost. Back on {at}."
            ),
        ),
        "not_published": (
            "Not open yet.",
            "{name} is still being prepared. The address stays the same; come back a little later.",
        ),
        "used_up": (
            "This link has been used up.",
            (
                "Every conversation it was made for has taken place. If one of them was yours, "
                "open it on the device you used then."
            ),
        ),
        "private": (
            "This chat is by invitation.",
            (
                "It answers only people who have a personal link. If you were given one, please "
                "open that one instead."
            ),
        ),
        "too_many": (
            "One moment, please.",
            "Many requests came from here at once. You can go on in a moment; your draft is kept.",
        ),
        "too_many_until": (
            "One moment, please.",
            (
                "Many requests came from here at once. You can go on in {seconds} seconds; your "
                "draft is kept."
            ),
        ),
        "trouble": (
            "Something is being repaired.",
            "The server cannot answer just now. Your link stays good and nothing you sent is lost.",
        ),
        "refused": (
            "This did not work.",
            "The page could not be opened this time. Your link stays good.",
        ),
    },
)

_CATALOGUES: Final[Mapping[str, Catalogue]] = {"en": _ENGLISH}


def spoken(language: str) -> tuple[str, Catalogue]:
    """Return the language that will be used and its words: the wished one, else English."""
    base = language.split("-", 1)[0].lower()
    return (base, _CATALOGUES[base]) if base in _CATALOGUES else ("en", _ENGLISH)
