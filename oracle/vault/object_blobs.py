"""Ciphertexts in S3, or what speaks its protocol. Credentials are where AWS's own tools look for them in the environment."""

from __future__ import annotations

from datetime import timedelta

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from oracle.vault.blobs import MAX_BLOB_BYTES, BlobUnavailableError

_RETRIES = 2


class ObjectBlobs:
    """Objects in a bucket under a prefix."""

    def __init__(self, bucket: str, prefix: str, endpoint: str | None, region: str | None, timeout_s: float) -> None:
        """``endpoint`` is for others than AWS; plain http only if it says so."""
        limit = timedelta(seconds=timeout_s)
        self._place = f"s3://{bucket}/{prefix}"
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            config={"region": region or "us-east-1", **({"endpoint": endpoint} if endpoint else {})},
            client_options={"timeout": limit, "allow_http": endpoint is not None and endpoint.startswith("http:")},
            retry_config={"max_retries": _RETRIES, "retry_timeout": limit},
        )

    def put(self, name: str, content: bytes) -> None:
        """Write an object."""
        try:
            obstore.put(self._store, name, content)
        except (BaseError, OSError) as error:
            raise self._failed(name, error) from None

    def get(self, name: str) -> bytes:
        """Read an object."""
        try:
            found = obstore.get(self._store, name)
            if found.meta["size"] > MAX_BLOB_BYTES:
                raise BlobUnavailableError(f"the object {name} at {self._place} is larger than any ciphertext")
            return bytes(found.bytes())
        except (BaseError, OSError) as error:
            raise self._failed(name, error) from None

    def delete(self, name: str) -> None:
        """Delete an object; versions that the bucket keeps stay, and are worth nothing without the key."""
        try:
            obstore.delete(self._store, name)
        except NotFoundError:
            return
        except (BaseError, OSError) as error:
            raise self._failed(name, error) from None

    def _failed(self, name: str, error: Exception) -> BlobUnavailableError:
        # The kind alone: the library's text shows the request.
        kind = type(error).__name__
        remedy = "check the bucket, its endpoint and the AWS_… variables"
        return BlobUnavailableError(f"the object {name} at {self._place}: {kind}; {remedy}")
