"""Takes the last signature out of a PDF: what it covers to the first file named, its CMS to the second.

Tells whether it covers the whole file but its own value. Reads the bytes alone, with no PDF library.
"""
import re
import sys

path, content, cms = sys.argv[1:4]
data = open(path, "rb").read()
before, start, after, length = (int(number) for number in re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data)[-1])
value = bytes.fromhex(data[start:after].strip(b"<>").decode())
# DER tells its own length; what follows in the hexadecimal string is room that was not needed.
octets = value[1] & 0x7F
value = value[: 2 + octets + int.from_bytes(value[2 : 2 + octets], "big")]
open(content, "wb").write(data[before : before + start] + data[after : after + length])
open(cms, "wb").write(value)
print("whole" if before == 0 and after + length == len(data) else "part")
