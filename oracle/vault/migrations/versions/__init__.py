"""The migrations, oldest first. Their versions begin with a v: the node's have numbers alone."""
