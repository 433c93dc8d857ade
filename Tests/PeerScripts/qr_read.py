"""Reads QR codes with ZXing: takes a JSON list of bitmaps (rows of 0 and 1), prints what each says."""
import json
import sys

import numpy
import zxingcpp

texts = []
for rows in json.load(sys.stdin):
    modules = numpy.array([[0 if bit == "1" else 255 for bit in row] for row in rows], numpy.uint8)
    picture = numpy.kron(numpy.pad(modules, 4, constant_values=255), numpy.ones((8, 8), numpy.uint8))
    found = zxingcpp.read_barcodes(picture)
    texts.append(f"{found[0].ec_level} {found[0].text}" if found else "")
print(json.dumps(texts))
