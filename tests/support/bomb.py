"""A compressed answer that is a thousand times as long when decompressed."""

import zlib

_BLOCK = 16 * 1024 * 1024


def gzip_bomb(blocks: int) -> bytes:
    """Return a gzip file of ``count`` times 16 MiB of blanks, made without allocating them.

    It can be decompressed completely; only the checksum at the end is zero, because computing it takes
    seconds.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # A full flush ends on a byte and forgets what came before, so the piece can be repeated.
    piece = packer.compress(b" " * _BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    length = blocks * _BLOCK % 2**32
    header = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    return header + piece * blocks + b"\x03\0" + bytes(4) + length.to_bytes(4, "little")
