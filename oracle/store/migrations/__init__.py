"""The tables' history: one module for each change, in ``versions``; Alembic applies what a database lacks.

A change of the tables: change the model, add ``versions/mNNNN_what_changed.py`` with ``revision``, ``down_revision`` and ``upgrade()``,
and run ``tests/unit/store/test_schema.py``, which says what still differs. A migration that was released is never changed. There is no
way down: to go back, restore the backup from before.
"""
