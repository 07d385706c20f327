"""Tables of projects, of artifacts, and of who holds which artifact."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    text,
)

from services.database.columns import RECORDS, Instant
from services.database.words import NAMED, is_digest

projects = Table(
    "projects",
    RECORDS,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("share", Integer, nullable=False, server_default="1"),
    Column("virtual_time", BigInteger, nullable=False, server_default="0"),
    Column("running_limit", Integer),
    Column("queued_limit", Integer),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("share BETWEEN 1 AND 1000", name="share"),
    CheckConstraint("running_limit >= 0", name="running_limit"),
    CheckConstraint("queued_limit >= 0", name="queued_limit"),
)
"""`virtual_time` is what the project has had, over its share: the least is served next."""

artifacts = Table(
    "artifacts",
    RECORDS,
    Column("digest", String(71), primary_key=True),
    Column("object_key", String(512), nullable=False, unique=True),
    Column("bytes", BigInteger, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("entry_count", Integer, nullable=False, server_default="0"),
    Column("unheld_since", Instant, index=True),
    Column("deleted_at", Instant),
    CheckConstraint(is_digest("digest"), name="digest"),
    CheckConstraint("bytes >= 0", name="bytes"),
)
"""A row stays for good: `deleted_at` says that the bytes are gone, and entries go on counting."""

artifact_references = Table(
    "artifact_references",
    RECORDS,
    Column("project", String(64), ForeignKey("projects.id"), primary_key=True),
    Column("artifact", String(71), ForeignKey("artifacts.digest"), primary_key=True, index=True),
    Column("holder", String(80), primary_key=True),
    Column("name", String(255), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("keep_until", Instant),
    Index(
        "ix_artifact_references_named",
        "project",
        "artifact",
        "created_at",
        sqlite_where=text(NAMED),
        postgresql_where=text(NAMED),
    ),
)
"""A project's hold on an artifact. `holder` is a job's id, or the word `upload`. Jobs that read it
give it no name, so what it is called is found however many they are."""

accesses = Table(
    "accesses",
    RECORDS,
    Column("artifact", String(71), ForeignKey("artifacts.digest"), primary_key=True),
    Column("principal", String(200), primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("project", String(64), ForeignKey("projects.id"), nullable=False),
    Column("means", String(40), nullable=False),
)
"""Who took which artifact, once a quarter of an hour; the entry says the rest."""

renderings = Table(
    "renderings",
    RECORDS,
    Column("project", String(64), ForeignKey("projects.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("job", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("source", String(71), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("files", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    CheckConstraint("length(name) = 64", name="name"),
    CheckConstraint(is_digest("source"), name="source"),
    CheckConstraint("bytes >= 0", name="bytes"),
    Index("ix_renderings_used_at", "used_at"),
)
"""What a project's jobs rendered; `name` stands for plan and build, `source` for the input. It may
be gone at any moment."""
