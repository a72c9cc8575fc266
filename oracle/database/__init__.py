"""Databases, SQLite's or PostgreSQL's, that belong to one deployment and one running program: opened, held, migrated, backed up alike."""
