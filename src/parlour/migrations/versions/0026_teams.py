"""People look after agents together, in teams, and so see what is said with these."""

import sqlalchemy as sa
from alembic import op

revision = "0026_teams"
down_revision = "0025_language"


def upgrade() -> None:
    """Create the tables of teams."""
    op.create_table(
        "teams",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("workspace_id", sa.String(40), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("folded", sa.String(200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
        sa.UniqueConstraint("workspace_id", "folded", name="teams_name"),
    )
    _of_team("team_people", "person_id", "people.id", "team_people_person")
    _of_team("team_agents", "agent_id", "agents.id", "team_agents_agent")


def _of_team(name: str, member: str, where: str, index: str) -> None:
    team = sa.ForeignKey("teams.id", ondelete="CASCADE")
    op.create_table(
        name,
        sa.Column("team_id", sa.String(40), team, primary_key=True),
        sa.Column(member, sa.String(40), sa.ForeignKey(where), primary_key=True),
    )
    op.create_index(index, name, [member])
