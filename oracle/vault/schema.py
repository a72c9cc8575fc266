"""The vault's tables, as migrations make them."""

from oracle.database.opening import POSTGRESQL, SQLITE
from oracle.database.ownership import VAULT
from oracle.database.schema import Schema
from oracle.vault import migrations

SCHEMA = Schema(
    VAULT,
    migrations,
    adopted=("v0001", "v0002"),
    adopted_on=(SQLITE, POSTGRESQL),
    foreign="each vault has its own",
)
