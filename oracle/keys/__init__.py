"""Keys: who signs (signer), who opens sealed fields (seal_key), where both are kept (keystore), and those everybody has (devnet)."""
