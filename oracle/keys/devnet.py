"""The accounts that Anvil and Hardhat fund. Everybody has their keys, so they are good for chain 31337 and nothing else."""

from functools import cache

from eth_account import Account
from eth_utils import to_checksum_address

from oracle.core.errors import SigningKeyError

#: Chain id of Anvil and Hardhat.
DEVNET_CHAIN_ID = 31337
#: BIP-39 phrase in Anvil's documentation; it is public.
MNEMONIC = "test test test test test test test test test test test junk"
#: The phrase's accounts at m/44'/60'/0'/0/0 to 19: deriving them takes half a second, so they are written out, and a test derives them.
ADDRESSES = (
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
    "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
    "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
    "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
    "0xBcd4042DE499D14e55001CcbB24a551F3b954096",
    "0x71bE63f3384f5fb98995898A86B02Fb2426c5788",
    "0xFABB0ac9d68B0B445fB7357272Ff202C5651694a",
    "0x1CBd3b2770909D4e10f157cABC84C7264073C9Ec",
    "0xdF3e18d64BC6A983f673Ab319CCaE4f1a57C7097",
    "0xcd3B766CCDd6AE721141F452C550Ca635964ce71",
    "0x2546BcD3c84621e976D8185a91A922aE77ECEc30",
    "0xbDA5747bFD65F08deb54cb465eB87D40e51B197E",
    "0xdD2FD4581271e230360230F9337D5c0430Bf44C0",
    "0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199",
)


@cache
def devnet_key(index: int) -> bytes:
    """Return the private key (32 bytes) of the phrase's account ``index``, from 0. Raises ValueError for a negative index."""
    if index < 0:
        raise ValueError("accounts are counted from 0")
    Account.enable_unaudited_hdwallet_features()
    return bytes(Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}").key)


def refuse_devnet_key(address: str, chain_id: int) -> None:
    """Raise SigningKeyError if this is one of the first 20 devnet accounts and the chain isn't a devnet."""
    if chain_id != DEVNET_CHAIN_ID and to_checksum_address(address) in ADDRESSES:
        raise SigningKeyError(
            f"{address} is a devnet account whose key everybody has, and chain {chain_id} is no devnet: make a key of your own"
        )
