"""Records' fields: how they are committed (record), asked for (ask, fetch) and carried (envelope)."""
