"""What the model is told: the conversation as the roles of the protocol."""

import base64
from collections.abc import Iterable
from typing import Any, Final

import orjson

from parlour.agents.backends.openai.config import Config
from parlour.agents.contract import Question, Said
from parlour.agents.quoting import recalled

TEXT_SHOWN: Final = 60_000
"""Characters of a text file that the model is shown."""
Content = str | list[dict[str, Any]]


def messages(config: Config, question: Question) -> list[dict[str, Any]]:
    """Write the conversation down for the model.

    The owner's instructions are the only system text. What a visitor writes is user content,
    whatever it claims to be. People who spoke for the team appear in the assistant's place, by
    name. Neighbours of one role become one message: many servers refuse two in a row. What is
    remembered of the visitor comes first, quoted, in the visitor's own place. Pictures go along
    as parts of a message where the model takes them, texts as text.
    """
    written: list[dict[str, Any]] = []
    if config.instructions.strip():
        written.append({"role": "system", "content": config.instructions})
    if question.memory is not None:
        written.append({"role": "user", "content": recalled(question.memory)})
    for role, content in (*_given(question), *_spoken(question.messages, images=config.images)):
        if written and written[-1]["role"] == role:
            written[-1]["content"] = _joined(written[-1]["content"], content)
        else:
            written.append({"role": role, "content": content})
    return written


def _joined(first: Content, second: Content) -> Content:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [*_parts(first), *_parts(second)]


def _parts(content: Content) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _given(question: Question) -> Iterable[tuple[str, Content]]:
    """Tell what was collected: as data, and as user content, for visitors may have typed it."""
    if question.collected:
        told = orjson.dumps(question.collected).decode()
        yield "user", f"[Collected about the visitor, as data: {told}]"


def _spoken(said: Iterable[Said], *, images: bool) -> Iterable[tuple[str, Content]]:
    for each in said:
        if not each.text.strip() or each.author == "system":
            continue
        if each.author == "visitor":
            yield "user", _with_files(each, images=images)
        elif each.author == "agent":
            yield "assistant", each.text
        else:
            name = " ".join(each.name.split())[:80].replace("]", "") or "A person"
            yield "assistant", f"[{name}, a person of the team, wrote:] {each.text}"


def _with_files(said: Said, *, images: bool) -> Content:
    """Return what a visitor said, with what they sent along: as data, whatever stands in it."""
    if not said.files:
        return said.text
    parts: list[dict[str, Any]] = [{"type": "text", "text": said.text}]
    for file in said.files:
        name = f"“{file.name}”"
        if file.content is not None and file.kind == "image" and images:
            data = base64.b64encode(file.content).decode()
            url = f"data:{file.media_type};base64,{data}"
            parts.append({"type": "image_url", "image_url": {"url": url}})
        elif file.content is not None and file.kind == "text":
            text = file.content[: 4 * TEXT_SHOWN].decode("utf-8-sig", "ignore")
            cut = text[:TEXT_SHOWN]
            is_whole = cut == text and len(file.content) <= 4 * TEXT_SHOWN
            more = "" if is_whole else " […]"
            parts.append({"type": "text", "text": f"[File {name}:]\n{cut}{more}"})
        else:
            parts.append({"type": "text", "text": f"[File {name}, not shown to you]"})
    if all(each["type"] == "text" for each in parts):
        return "\n\n".join(each["text"] for each in parts)
    return parts


def request(
    config: Config, told: list[dict[str, Any]], *, ask_usage: bool, tokens_field: str
) -> dict[str, Any]:
    """Put the whole request together."""
    document: dict[str, Any] = {
        "model": config.model,
        "messages": told,
        "stream": True,
    }
    if ask_usage:
        document["stream_options"] = {"include_usage": True}
    if config.temperature is not None:
        document["temperature"] = config.temperature
    if config.max_output_tokens is not None:
        document[tokens_field] = config.max_output_tokens
    return document
