"""The tables of who is let in: what a key may do, never the key, and sessions that were ended."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String, Table

from services.database.columns import RECORDS, Instant

api_keys = Table(
    "api_keys",
    RECORDS,
    Column("id", String(16), primary_key=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("project", String(64), ForeignKey("projects.id"), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    CheckConstraint("length(id) = 16", name="id"),
    CheckConstraint("length(secret_sha256) = 64", name="secret_sha256"),
    Index("ix_api_keys_project", "project"),
)

ended_sessions = Table(
    "ended_sessions",
    RECORDS,
    Column("token_sha256", String(64), primary_key=True),
    Column("until", Instant, nullable=False),
    CheckConstraint("length(token_sha256) = 64", name="token_sha256"),
)
