"""The oracles see what they are there to see."""

import json

import pytest

from tests.rig import oracles
from tests.rig.cast import CAST
from tests.rig.processes import Program

PROBLEM = {
    "type": "urn:parlour:problem:gone",
    "title": "Gone",
    "status": 410,
    "detail": "this link has ended",
    "code": "expired",
}
KIND = {"Content-Type": "application/problem+json"}
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'",
}


def test_a_problem_document_passes() -> None:
    assert oracles.check_problem(410, KIND, json.dumps(PROBLEM).encode()) == "expired"


@pytest.mark.parametrize(
    "detail",
    [
        'File "/srv/app.py", line 3, in read',
        "SELECT id FROM links WHERE id = ?",
        "cannot open /var/lib/parlour/parlour.db",
        "no route to 10.0.3.7",
    ],
)
def test_a_problem_that_gives_something_away_fails(detail: str) -> None:
    with pytest.raises(AssertionError, match="went out"):
        oracles.check_problem(410, KIND, json.dumps({**PROBLEM, "detail": detail}).encode())


def test_another_form_of_error_fails() -> None:
    with pytest.raises(AssertionError):
        oracles.check_problem(410, {"Content-Type": "text/html"}, b"<h1>Gone</h1>")


def test_headers_pass_and_each_missing_one_fails() -> None:
    oracles.check_headers(200, SAFE)
    for name in SAFE.keys() - {"Content-Type"}:
        with pytest.raises(AssertionError):
            oracles.check_headers(200, {key: SAFE[key] for key in SAFE.keys() - {name}})


def test_a_server_that_names_itself_fails() -> None:
    with pytest.raises(AssertionError, match="names itself"):
        oracles.check_headers(200, {**SAFE, "Server": "something/1.0"})


def test_a_written_secret_is_seen_and_not_repeated() -> None:
    with pytest.raises(AssertionError) as failure:
        oracles.check_no_secrets("GET /chat/s3cr3t-token 200", "s3cr3t-token")
    assert "<secret>" in str(failure.value)


def test_a_program_that_ends_early_is_told_with_what_it_said() -> None:
    program = Program(["/bin/sh", "-c", "echo all is lost >&2; exit 3"])
    with pytest.raises(AssertionError, match=r"ended with 3(.|\n)*all is lost"):
        program.wait_for("ready")


def test_a_program_that_does_not_stop_is_killed() -> None:
    program = Program(
        ["/bin/sh", "-c", "trap '' TERM; echo up; while :; do read x </dev/zero; done"]
    )
    program.wait_for("up")
    with pytest.raises(AssertionError, match="did not end"):
        program.stop(within=0.2)
    assert program.process.poll() is not None


def test_the_cast_has_canaries_of_its_own() -> None:
    assert len({person.canary for person in CAST}) == len(CAST)
