"""Every route of a link, and how somebody asks it; whoever adds one adds its line."""

from typing import Any

CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", "/api/public/history/{}", {}),
    ("GET", "/api/public/live/{}", {}),
    ("POST", "/api/public/chat/{}", {"json": {"message": "Let me in"}}),
    ("POST", "/api/public/stop/{}", {"json": {}}),
    ("POST", "/api/public/typing/{}", {"json": {}}),
    ("POST", "/api/public/retry/{}", {"json": {}}),
    ("POST", "/api/public/again/{}", {"json": {"message_id": "msg_none"}}),
    ("POST", "/api/public/rate/{}", {"json": {"message_id": "msg_none", "rating": "up"}}),
    ("DELETE", "/api/public/session/{}", {}),
    ("POST", "/api/public/contact/{}", {"json": {"contact": "sam@example.org"}}),
    ("GET", "/api/public/memory/{}", {}),
    ("DELETE", "/api/public/memory/{}", {}),
    ("GET", "/api/public/yours/{}", {}),
    ("DELETE", "/api/public/yours/{}", {}),
    ("DELETE", "/api/public/device/{}", {}),
    ("POST", "/api/public/handover/{}", {"json": {}}),
)
_FILES = (
    "/api/public/files/{token}/{file_id}",
    "/chat/{token}/files",
    "/public/chat/{token}/files",
)
NOTE: tuple[str, str, dict[str, Any]] = ("POST", "/api/public/note/{}", {"json": {"text": "x"}})
FORMS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", "/chat/{}", {}),
    ("GET", "/public/chat/{}", {}),
    ("GET", "/chat/{}/read", {}),
    ("GET", "/public/chat/{}/read", {}),
    ("GET", "/chat/{}/verify", {}),
    ("GET", "/public/chat/{}/verify", {}),
    ("GET", "/chat/{}/card.png", {}),
    ("GET", "/public/chat/{}/card.png", {}),
    ("POST", "/chat/{}/verify", {"data": {"email": "sam@example.org"}}),
    ("POST", "/public/chat/{}/verify", {"data": {"email": "sam@example.org"}}),
    ("POST", "/chat/{}/identify", {"data": {"id": "x"}}),
    ("POST", "/public/chat/{}/identify", {"data": {"id": "x"}}),
    ("GET", "/chat/{}/note", {}),
    ("GET", "/public/chat/{}/note", {}),
    ("POST", "/chat/{}/note", {"data": {"text": "x"}}),
    ("POST", "/public/chat/{}/note", {"data": {"text": "x"}}),
    ("GET", "/chat/{}/person", {}),
    ("GET", "/public/chat/{}/person", {}),
    ("POST", "/chat/{}/person", {"data": {"message": "x"}}),
    ("POST", "/public/chat/{}/person", {"data": {"message": "x"}}),
    ("GET", "/chat/{}/memory", {}),
    ("GET", "/public/chat/{}/memory", {}),
    ("POST", "/chat/{}/memory", {}),
    ("POST", "/public/chat/{}/memory", {}),
    *(
        (method, f"{chat}/{{}}/yours{page}", {"data": {"device": "none"}} if page == "/end" else {})
        for method, page in (
            *(("GET", each) for each in ("", "/data.json", "/data.html", "/delete")),
            *(("POST", each) for each in ("/phone", "/end", "/leave", "/delete")),
        )
        for chat in ("/chat", "/public/chat")
    ),
    ("POST", "/chat/{}/stop", {}),
    ("POST", "/chat/{}/retry", {}),
    ("POST", "/chat/{}/again", {}),
    ("POST", "/chat/{}/rate", {"data": {"rating": "up"}}),
    ("POST", "/chat/{}/new", {}),
    ("POST", "/public/chat/{}/new", {}),
)
NAMED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/api/public/verify/request", {"email": "sam@example.org"}),
    ("/api/public/verify/confirm", {"email": "sam@example.org", "code": "123456"}),
    ("/api/public/identify", {"id": "x"}),
)
"""Calls that name their link in the body; whose session is whose: test_public_verify."""
ELSEWHERE = {
    "GET /api/public/link/{token}",  # tells nothing of any visitor
    "GET /api/public/widget/{token}",  # nor does this: test_embedding
    "GET /chat/{token}/sources/{message_id}/{n}",  # has a test of its own below
    "GET /public/chat/{token}/sources/{message_id}/{n}",
    "POST /chat/{token}",  # the form's message: test_visit_forms
    "POST /public/chat/{token}",
    "POST /public/chat/{token}/{act}",
    "POST /api/public/files/{token}",  # files wait for a message: test_files
    *(f"{verb} {path}" for verb in ("GET", "POST", "DELETE") for path in _FILES),
    "POST /api/public/continue/{token}",  # brings a code and no session: test_yours
    *(f"{verb} /chat/{{token}}/continue/{{code}}" for verb in ("GET", "POST")),
    *(f"{verb} /public/chat/{{token}}/continue/{{code}}" for verb in ("GET", "POST")),
}
