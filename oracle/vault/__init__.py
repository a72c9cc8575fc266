"""The holder's service: keeps records encrypted, and releases to an operator what a standing request needs, and nothing else."""
