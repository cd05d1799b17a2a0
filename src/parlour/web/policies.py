"""What was decided about a link together with what its agent decides where the link leaves it."""

from parlour.agents.model import Agent
from parlour.agents.sharing import asks_email, by_invitation, sharing_of
from parlour.links.store import Link
from parlour.links.telling import Policy


def policy_of(link: Link, agent: Agent) -> Policy:
    """Return the policy of an agent's link, as pages and programs tell it in words."""
    terms = sharing_of(agent.sharing)
    return link.policy(
        published=agent.published is not None,
        live=agent.live,
        invited=by_invitation(agent),
        asks_email=asks_email(agent),
        listed=bool(terms.emails),
        schedule=terms.schedule,
    )
