"""Finding what somebody should hear of at once: budgets, agents that fail, links that end, jobs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from parlour import events, workspaces
from parlour.agents import store as agents
from parlour.agents.sharing import sharing_of
from parlour.budgets import model, spending
from parlour.kit import queue
from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.links import listing
from parlour.links import store as links
from parlour.reports import rules, store
from parlour.reports.store import Alert
from parlour.staff import mails

_MOST: Final = 500
"""Links of a workspace that are looked at for whether they end soon."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What somebody should hear of."""

    alert: Alert
    agent_id: str | None = None
    """Only who sees this agent hears of it."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What is said of it; plain JSON."""


def found(conn: sa.Connection, now: Moment) -> list[Matter]:
    """Find what there is to tell now, as far as nobody was told of it before."""
    every = [*_budgets(conn, now), *_failing(conn, now), *_ending(conn, now), *_jobs(conn, now)]
    known = store.known(conn, [each.alert.key for each in every])
    return [each for each in every if _is_new(known.get(each.alert.key), now)]


def _is_new(told: Alert | None, now: Moment) -> bool:
    return told is None or (told.over_at is not None and told.told_at <= now - rules.QUIET)


def recovered(conn: sa.Connection, now: Moment) -> list[Matter]:
    """Find the agents of which somebody heard that they fail, and which answer again."""
    failing = store.going_on(conn, mails.Alert.FAILING)
    if not failing:
        return []
    doing = {each.agent_id: each for each in events.runs(conn, now - rules.LATELY)}
    well = [each for each in failing if each.about in doing and not doing[each.about].failures]
    return [Matter(each, each.about, {"over": True}) for each in well]


def _budgets(conn: sa.Connection, now: Moment) -> Iterator[Matter]:
    for holder, period, spent in spending.far(conn, now, rules.STEPS[0]):
        kind, _, id_ = holder.partition(":")
        budget = _of_link(conn, id_) if kind == "link" else _of_agent(conn, id_)
        # What is written down with the account may be of before its owner said otherwise.
        if budget is None or budget.account.period.key(now) != period:
            continue
        step = rules.step(spent, budget.account.limit)
        if step is None:
            continue
        key = f"budget {holder} {period} {budget.account.limit} {step}"
        facts = {"of": kind, "step": step, "spent": spent, "budget": budget.account.limit,
                 "ends": budget.account.period.ends(now)}  # fmt: skip
        alert = Alert(key[:120], mails.Alert.BUDGET, budget.workspace_id, id_, now, None)
        yield Matter(alert, budget.agent_id, facts)


@dataclass(frozen=True, slots=True)
class _Budget:
    account: model.Account
    workspace_id: str
    agent_id: str


def _of_agent(conn: sa.Connection, agent_id: str) -> _Budget | None:
    agent = agents.by_id(conn, agent_id)
    if agent is None:
        return None
    terms = sharing_of(agent.sharing)
    account = model.budget("agent", agent.id, terms.budget_tokens, terms.budget_period)
    return None if account is None else _Budget(account, agent.workspace_id, agent.id)


def _of_link(conn: sa.Connection, link_id: str) -> _Budget | None:
    link = listing.by_id(conn, link_id)
    if link is None:
        return None
    account = model.budget("link", link.id, link.budget_tokens, link.budget_period)
    return None if account is None else _Budget(account, link.workspace_id, link.agent_id)


def _failing(conn: sa.Connection, now: Moment) -> Iterator[Matter]:
    for run in events.runs(conn, now - rules.LATELY):
        if run.failures >= rules.IN_A_ROW:
            key = f"failing {run.agent_id}"
            alert = Alert(key, mails.Alert.FAILING, run.workspace_id, run.agent_id, now, None)
            facts = {"failures": run.failures, "problem": run.problem}
            yield Matter(alert, run.agent_id, facts)


def _ending(conn: sa.Connection, now: Moment) -> Iterator[Matter]:
    for workspace in workspaces.every(conn):
        soon, _ = links.ending(conn, workspace.id, now, now + rules.SOON, most=_MOST)
        for link in soon:
            if (link.expires_at or 0) - link.created_at >= rules.LONG:
                key = f"ending {link.id} {link.expires_at}"
                alert = Alert(key, mails.Alert.ENDING, workspace.id, link.id, now, None)
                yield Matter(alert, link.agent_id)


def _jobs(conn: sa.Connection, now: Moment) -> Iterator[Matter]:
    """Jobs are of the whole instance: who owns its first workspace hears of them."""
    told = store.known(conn, ["jobs"]).get("jobs")
    died = queue.died(conn, told.told_at if told else now - rules.LATELY)
    if not died:
        return
    try:
        home = workspaces.find(conn, workspaces.DEFAULT)
    except NotFound:
        return
    alert = Alert("jobs", mails.Alert.JOBS, home.id, "", now, now)
    yield Matter(alert, facts={"died": died})
