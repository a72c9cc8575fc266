"""Keys: who signs (signer, transactions), who opens sealed fields (seal_key), all of an operator's (keyring), their files (keystore), a
remote signer (web3signer), what the settings name (opening), devnet.
"""
