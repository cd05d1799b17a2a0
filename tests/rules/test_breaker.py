"""A backend that is down is left alone, tried again by one turn, and trusted again (CRH-10)."""

from parlour.chat.breaker import FAILURES, REST, Breaker


def _broken() -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.lets_through("agt", 0)
        breaker.tell("agt", "unreachable", 0)
    return breaker


def test_it_opens_after_failures_in_a_row_for_that_agent_alone() -> None:
    breaker = _broken()
    assert not breaker.lets_through("agt", REST - 1)
    assert breaker.lets_through("another", 0)


def test_after_a_rest_one_turn_tries() -> None:
    breaker = _broken()
    assert breaker.lets_through("agt", REST)
    assert not breaker.lets_through("agt", REST)


def test_an_answer_of_any_kind_closes_it() -> None:
    for problem in (None, "bad_answer", "refused"):
        breaker = _broken()
        breaker.tell("agt", problem, REST)
        assert breaker.lets_through("agt", REST)


def test_failures_with_an_answer_between_them_do_not_add_up() -> None:
    breaker = Breaker()
    for problem in ["timeout"] * (FAILURES - 1) + [None] + ["timeout"] * (FAILURES - 1):
        breaker.tell("agt", problem, 0)
    assert breaker.lets_through("agt", 0)
