"""Keys: who signs (signer), who opens sealed fields (seal_key), all of an operator's (keyring), their files (keystore), devnet."""
