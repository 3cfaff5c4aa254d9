"""The repair symbols of a block, by the definition in docs/protocol.md: row r of the code has the
coefficient 1 / ((k + r) xor j) for symbol j of k, over GF(2^8) with the polynomial 0x11d."""

POLYNOMIAL = 0x11D


def _tables():
    exponents, logarithms, value = [0] * 510, [0] * 256, 1
    for power in range(255):
        exponents[power] = exponents[power + 255] = value
        logarithms[value] = power
        value <<= 1
        if value & 0x100:
            value ^= POLYNOMIAL
    return exponents, logarithms


EXPONENTS, LOGARITHMS = _tables()


def _inverse(value):
    return EXPONENTS[255 - LOGARITHMS[value]]


def _multiplied(factor):
    """The product with each byte value, for bytes.translate."""
    return bytes([0] + [EXPONENTS[LOGARITHMS[factor] + LOGARITHMS[value]]
                        for value in range(1, 256)])


def repair_symbol(symbols, row):
    """symbols: the k data symbols, equally long."""
    total = 0
    for column, symbol in enumerate(symbols):
        coefficient = _inverse((len(symbols) + row) ^ column)
        total ^= int.from_bytes(symbol.translate(_multiplied(coefficient)), "big")
    return total.to_bytes(len(symbols[0]), "big")
