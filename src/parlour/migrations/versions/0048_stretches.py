"""The index of words has each stretch of time apart, so that frequent words are soon found."""

from alembic import op

revision = "0048_stretches"
down_revision = "0047_attachments"

# What is indexed is read back from here when the index is made anew.
_VIEW = """
CREATE VIEW said_stretched AS SELECT id,
    printf('%x:', id >> 50) || replace(terms, ' ', printf(' %x:', id >> 50)) AS terms
FROM said
"""
_WORDS = """
CREATE VIRTUAL TABLE said_words USING fts5(
    terms, content='said_stretched', content_rowid='id', detail='none',
    tokenize="ascii tokenchars '~:_^-'"
)
"""
_ADDED = """
CREATE TRIGGER said_added AFTER INSERT ON said BEGIN
    INSERT INTO said_words(rowid, terms) VALUES (new.id,
        printf('%x:', new.id >> 50) || replace(new.terms, ' ', printf(' %x:', new.id >> 50)));
END
"""
_GONE = """
CREATE TRIGGER said_gone AFTER DELETE ON said BEGIN
    INSERT INTO said_words(said_words, rowid, terms) VALUES ('delete', old.id,
        printf('%x:', old.id >> 50) || replace(old.terms, ' ', printf(' %x:', old.id >> 50)));
END
"""
_CHANGED = """
CREATE TRIGGER said_changed AFTER UPDATE OF terms ON said BEGIN
    INSERT INTO said_words(said_words, rowid, terms) VALUES ('delete', old.id,
        printf('%x:', old.id >> 50) || replace(old.terms, ' ', printf(' %x:', old.id >> 50)));
    INSERT INTO said_words(rowid, terms) VALUES (new.id,
        printf('%x:', new.id >> 50) || replace(new.terms, ' ', printf(' %x:', new.id >> 50)));
END
"""
_SQLITE = (
    *("DROP TRIGGER said_added", "DROP TRIGGER said_gone", "DROP TRIGGER said_changed"),
    *("DROP TABLE said_words", _VIEW, _WORDS, _ADDED, _GONE, _CHANGED),
    "INSERT INTO said_words(said_words) VALUES ('rebuild')",
)
_INDEX = """
CREATE INDEX said_words ON said USING gin (array_to_tsvector(string_to_array(
    to_hex(id >> 50) || ':' || replace(terms, ' ', ' ' || to_hex(id >> 50) || ':'), ' ')))
"""
_POSTGRES = ("DROP INDEX said_words", _INDEX)


def upgrade() -> None:
    """Make the index anew, which takes a while where millions of messages are in it."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if on_sqlite else _POSTGRES:
        op.get_bind().exec_driver_sql(statement)
