"""The vault's tables' history: one module for each change, in ``versions``, by the rules of :mod:`oracle.store.migrations`.

``tests/unit/vault/test_vault_schema.py`` says what still differs from the models.
"""
