"""Kafka's default partitioner, written from its definition and independent of our C code."""

_MASK = 0xFFFFFFFF


def murmur2(data):
    """Return murmur2 as the Java client computes it: seed 0x9747b28c, masked to 31 bits."""
    m = 0x5BD1E995
    h = (0x9747B28C ^ len(data)) & _MASK
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little")
        k = k * m & _MASK
        k ^= k >> 24
        k = k * m & _MASK
        h = h * m & _MASK ^ k
    rest = data[whole:]
    if rest:
        h ^= int.from_bytes(rest, "little")
        h = h * m & _MASK
    h ^= h >> 13
    h = h * m & _MASK
    h ^= h >> 15
    return h & 0x7FFFFFFF


def partition(key, count):
    """Return the partition of a key in a topic with `count` partitions."""
    return murmur2(key) % count
