"""The node's tables, as migrations make them."""

from oracle.database.opening import SQLITE
from oracle.database.ownership import NODE
from oracle.database.schema import Schema
from oracle.store import migrations

SCHEMA = Schema(
    NODE,
    migrations,
    adopted=("0001",),
    adopted_on=(SQLITE,),
    foreign="the node reads the chain anew from chain.start_block, and serves the trails that it makes from then on",
)
