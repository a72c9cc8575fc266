"""The architectures that Assent ships, each with the package trained for it."""
