"""Content hashes and the seeds that are drawn from them.

A hash names what something is made of; a seed is a hash cut to 64 bits. Nothing in the
system draws on a global random state, so the order in which work is done changes nothing.
"""

from __future__ import annotations

import hashlib


def hash_bytes(*chunks: bytes | memoryview) -> str:
    """Return the SHA-256 of the chunks, in hex. Chunk borders count: ``(ab, c) != (a, bc)``."""
    digest = hashlib.sha256()
    for chunk in chunks:
        size = chunk.nbytes if isinstance(chunk, memoryview) else len(chunk)
        digest.update(size.to_bytes(8, "little"))
        digest.update(chunk)
    return digest.hexdigest()


def hash_text(*texts: str) -> str:
    """Return the SHA-256 of UTF-8 texts, in hex."""
    return hash_bytes(*(text.encode() for text in texts))


def seed_from(*parts: object) -> int:
    """Return a 64-bit seed that depends on every part (compared by ``str``) and nothing else."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


def short(content_hash: str) -> str:
    """Return the first 12 hex digits, for people."""
    return content_hash[:12]
