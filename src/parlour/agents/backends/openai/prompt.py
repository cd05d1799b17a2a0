"""What the model is told: the conversation as the roles of the protocol."""

from collections.abc import Iterable
from typing import Any

from parlour.agents.backends.openai.config import Config
from parlour.agents.contract import Question, Said


def messages(config: Config, question: Question) -> list[dict[str, str]]:
    """Write the conversation down for the model.

    The owner's instructions are the only system text. What a visitor writes is user content,
    whatever it claims to be. People who spoke for the team appear in the assistant's place, by
    name. Neighbours of one role become one message: many servers refuse two in a row.
    """
    written: list[dict[str, str]] = []
    if config.instructions.strip():
        written.append({"role": "system", "content": config.instructions})
    for role, text in _spoken(question.messages):
        if written and written[-1]["role"] == role:
            written[-1]["content"] += "\n\n" + text
        else:
            written.append({"role": role, "content": text})
    return written


def _spoken(said: Iterable[Said]) -> Iterable[tuple[str, str]]:
    for each in said:
        if not each.text.strip() or each.author == "system":
            continue
        if each.author == "visitor":
            yield "user", each.text
        elif each.author == "agent":
            yield "assistant", each.text
        else:
            name = " ".join(each.name.split())[:80].replace("]", "") or "A person"
            yield "assistant", f"[{name}, a person of the team, wrote:] {each.text}"


def request(
    config: Config, question: Question, *, ask_usage: bool, tokens_field: str
) -> dict[str, Any]:
    """Put the whole request together."""
    document: dict[str, Any] = {
        "model": config.model,
        "messages": messages(config, question),
        "stream": True,
    }
    if ask_usage:
        document["stream_options"] = {"include_usage": True}
    if config.temperature is not None:
        document["temperature"] = config.temperature
    if config.max_output_tokens is not None:
        document[tokens_field] = config.max_output_tokens
    return document
