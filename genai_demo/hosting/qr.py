"""QR codes of addresses: byte mode, error correction level M, versions 1 to 6 (ISO/IEC 18004:2015)."""

from __future__ import annotations

from itertools import pairwise

LONGEST = 106
"""bytes that the largest version here holds"""
_DATA = (16, 28, 44, 64, 86, 108)
"""codewords of data by version, from 1"""
_BLOCKS = (1, 1, 1, 2, 2, 4)
_CORRECTION = (10, 16, 26, 18, 24, 16)
"""codewords of correction in each block"""
_MASKS = (
    lambda y, x: (y + x) % 2 == 0,
    lambda y, x: y % 2 == 0,
    lambda y, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: y * x % 2 + y * x % 3 == 0,
    lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
)
Grid = list[list[bool | None]]


def qr_code(text: str) -> list[list[bool]]:
    """Return the modules of a QR code, row by row, dark ones as True, without the quiet zone of 4 around it.

    Raises:
        ValueError: the text is longer than `LONGEST` bytes.
    """
    content = text.encode()
    version = next((index + 1 for index, room in enumerate(_DATA) if len(content) <= room - 2), None)
    if version is None:
        raise ValueError(text)
    bits = _bits(_codewords(content, version)) + [False] * (7 if version > 1 else 0)
    frame = _frame(version)
    candidates = [_drawn(frame, bits, mask) for mask in range(len(_MASKS))]
    return min(candidates, key=_penalty)


def in_terminal(text: str) -> str:
    """Return a QR code as lines of half blocks, light on dark, with its quiet zone."""
    code = qr_code(text)
    size = len(code)
    light = [
        [not (0 <= y < size and 0 <= x < size and code[y][x]) for x in range(-4, size + 4)] for y in range(-4, size + 5)
    ]
    halves = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    rows = range(0, len(light) - 1, 2)
    return "\n".join("".join(halves[pair] for pair in zip(light[row], light[row + 1], strict=True)) for row in rows)


def _codewords(content: bytes, version: int) -> list[int]:
    """Return data and correction, the blocks interleaved."""
    room, count = _DATA[version - 1], _BLOCKS[version - 1]
    number = 0b0100 << 8 | len(content)  # byte mode, length
    for byte in content:
        number = number << 8 | byte
    data = list((number << 4).to_bytes(len(content) + 2, "big"))
    data += [(0xEC, 0x11)[index % 2] for index in range(room - len(data))]
    length = room // count
    blocks = [data[start : start + length] for start in range(0, room, length)]
    correction = [_remainder(block, _CORRECTION[version - 1]) for block in blocks]
    return [one for words in (blocks, correction) for column in zip(*words, strict=True) for one in column]


def _times(first: int, second: int) -> int:
    """Return a product in GF(256) with the polynomial 0x11D."""
    product = 0
    while second:
        product ^= first if second & 1 else 0
        first = first << 1 ^ (0x11D if first & 0x80 else 0)
        second >>= 1
    return product


def _remainder(block: list[int], count: int) -> list[int]:
    """Return the Reed-Solomon correction of a block."""
    generator, root = [1], 1
    for _ in range(count):
        generator = [one ^ _times(other, root) for one, other in zip([*generator, 0], [0, *generator], strict=True)]
        root = _times(root, 2)
    rest = block + [0] * count
    for place in range(len(block)):
        factor = rest[place]
        for offset, one in enumerate(generator):
            rest[place + offset] ^= _times(one, factor)
    return rest[len(block) :]


def _bits(words: list[int]) -> list[bool]:
    return [bool(word >> place & 1) for word in words for place in range(7, -1, -1)]


def _frame(version: int) -> Grid:
    """Return what every code of a version has; None where data go, and light where its format is told."""
    size = 17 + 4 * version
    grid: Grid = [[None] * size for _ in range(size)]
    for index in range(size):
        grid[6][index] = grid[index][6] = index % 2 == 0
    corners = [(0, 0), (0, size - 7), (size - 7, 0)]
    for top, left in corners:
        for y in range(max(0, top - 1), min(size, top + 8)):
            for x in range(max(0, left - 1), min(size, left + 8)):
                ring = max(abs(y - top - 3), abs(x - left - 3))
                grid[y][x] = ring in (0, 1, 3)
    if version > 1:
        centre = size - 7
        for y in range(centre - 2, centre + 3):
            for x in range(centre - 2, centre + 3):
                grid[y][x] = max(abs(y - centre), abs(x - centre)) != 1
    for y, x in _format_places(size):
        grid[y][x] = False
    grid[size - 8][8] = True
    return grid


def _format_places(size: int) -> list[tuple[int, int]]:
    """Return both places of each of the 15 bits of the format, the lowest bit first."""
    beside = [*range(6), 7, 8]
    first = [(y, 8) for y in beside] + [(8, x) for x in (7, 5, 4, 3, 2, 1, 0)]
    second = [(8, size - 1 - index) for index in range(8)] + [(size - 7 + index, 8) for index in range(7)]
    return first + second


def _format(mask: int) -> int:
    data = 0b00 << 3 | mask  # level M
    rest = data << 10
    for place in range(14, 9, -1):
        if rest >> place & 1:
            rest ^= 0b10100110111 << place - 10
    return (data << 10 | rest) ^ 0b101010000010010


def _drawn(frame: Grid, bits: list[bool], mask: int) -> list[list[bool]]:
    """Return a frame with its data, from the lower right in columns of two, upwards and downwards in turn."""
    size = len(frame)
    grid = [[bool(one) for one in row] for row in frame]
    left = iter(bits)
    upwards = True
    for right in [*range(size - 1, 6, -2), 5, 3, 1]:
        for y in range(size - 1, -1, -1) if upwards else range(size):
            for x in (right, right - 1):
                if frame[y][x] is None:
                    grid[y][x] = next(left) ^ _MASKS[mask](y, x)
        upwards = not upwards
    told = _format(mask)
    for index, (y, x) in enumerate(_format_places(size)):
        grid[y][x] = bool(told >> index % 15 & 1)
    return grid


def _penalty(grid: list[list[bool]]) -> int:
    """Return how hard a code is to read: long runs, blocks, what looks like a corner, and too much of one colour."""
    size, points = len(grid), 0
    columns = [list(column) for column in zip(*grid, strict=True)]
    for line in grid + columns:
        text = "".join("1" if one else "0" for one in line)
        points += sum(len(run) - 2 for run in text.replace("01", "0 1").replace("10", "1 0").split() if len(run) >= 5)
        points += 40 * sum(text.startswith(one, at) for at in range(size) for one in ("10111010000", "00001011101"))
    for above, below in pairwise(grid):
        points += 3 * sum(above[x] == above[x + 1] == below[x] == below[x + 1] for x in range(size - 1))
    dark = sum(map(sum, grid)) * 100 / size**2
    return points + 10 * int(abs(dark - 50) // 5)
