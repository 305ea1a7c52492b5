"""Kafka's default partitioner, from its definition and not from our C."""

_MASK = 0xFFFFFFFF


def murmur2(data):
    """murmur2 of the Java client: seed 0x9747b28c, masked to 31 bits."""
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
    """The partition of a key in a topic of count partitions."""
    return murmur2(key) % count
