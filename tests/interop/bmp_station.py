#!/usr/bin/env python3
"""bmp_station.py PORT FILE [deaf]: a BMP station that writes each message as a line of JSON. It reads
RFC 7854's headers and the UPDATEs inside on its own, so a misplaced octet is seen. `deaf`: accepts and never
reads. Ends with its first fault: the line then holds "fault"."""
import ipaddress
import json
import socket
import struct
import sys
import time

TYPES = ["route", "statistics", "down", "up", "initiation", "termination"]


def take(data, n):
    if len(data) < n:
        raise ValueError(f"{n} octets wanted, {len(data)} there")
    return data[:n], data[n:]


def peer(data):
    head, rest = take(data, 42)
    kind, flags, rd_type, rd_asn, rd_number = struct.unpack("!BBHIH", head[:10])
    address = ipaddress.ip_address(head[10:26] if flags & 0x80 else head[22:26])
    asn, identifier, seconds, micro = struct.unpack("!IIII", head[26:42])
    return {"kind": kind, "post": bool(flags & 0x40), "as2": bool(flags & 0x20), "out": bool(flags & 0x10),
            "view": "table" if kind == 3 else "out" if flags & 0x10 else "in" if flags & 0x40 else "pre",
            "rd": [rd_type, rd_asn, rd_number], "peer": str(address), "asn": asn,
            "id": str(ipaddress.ip_address(identifier)), "at": seconds + micro / 1e6}, rest


def prefixes(data, bits):
    found = []
    while data:
        length, data = data[0], data[1:]
        octets, data = take(data, (length + 7) // 8)
        number = int.from_bytes(octets.ljust(bits // 8, b"\0"), "big")
        found.append(f"{ipaddress.ip_address(number) if bits == 32 else ipaddress.IPv6Address(number)}/{length}")
    return found


def message(data, kind):
    head, _ = take(data, 19)
    length = struct.unpack("!H", head[16:18])[0]
    if head[:16] != b"\xff" * 16 or head[18] != kind:
        raise ValueError("no such BGP message")
    whole, rest = take(data, length)
    return whole[19:], rest


def path_of(data, width):
    numbers = []
    while data:
        n, data = data[1], data[2:]
        octets, data = take(data, n * width)
        numbers += [int.from_bytes(octets[i:i + width], "big") for i in range(0, len(octets), width)]
    return numbers


def update(data, width):
    body, rest = message(data, 2)
    if rest:
        raise ValueError("octets behind the UPDATE")
    n, body = struct.unpack("!H", body[:2])[0], body[2:]
    gone, body = take(body, n)
    n, body = struct.unpack("!H", body[:2])[0], body[2:]
    attributes, nlri = take(body, n)
    out = {"withdrawn": prefixes(gone, 32), "announced": prefixes(nlri, 32)}
    empty = not gone and not attributes and not nlri
    while attributes:
        flags, code = attributes[0], attributes[1]
        wide = flags & 0x10
        n = struct.unpack("!H", attributes[2:4])[0] if wide else attributes[2]
        value, attributes = take(attributes[4 if wide else 3:], n)
        if code == 2:
            out["as_path"] = path_of(value, width)
        if code == 14:
            out["announced"] += prefixes(value[4 + value[3] + 1:], 128)
        if code == 15:
            out["withdrawn"] += prefixes(value[3:], 128)
            empty = not value[3:]
    return {**out, "end_of_rib": empty}


def tlvs(data, text=True):
    found = []
    while data:
        kind, n = struct.unpack("!HH", data[:4])
        value, data = take(data[4:], n)
        found.append([kind, value.decode() if text else value])
    return found


def decode(kind, data):
    out = {"type": TYPES[kind]}
    if kind <= 3:
        about, data = peer(data)
        out.update(about)
    if kind == 0:
        out.update(update(data, 2 if out["as2"] else 4))
    elif kind == 2:
        out["reason"] = data[0]
        if data[0] in (1, 3):
            body, _ = message(data[1:], 3)
            out["notification"] = [body[0], body[1]]
        if data[0] == 6:
            out["information"] = tlvs(data[1:])
    elif kind == 3:
        _, data = take(data, 20)
        sent, data = message(data, 1)
        got, data = message(data, 1)
        out["information"] = tlvs(data)
        out["opens"] = [struct.unpack("!BHHI", o[:9])[1:3] for o in (sent, got)]
    elif kind == 1:
        n, data = struct.unpack("!I", data[:4])[0], data[4:]
        found = tlvs(data, text=False)
        if len(found) != n:
            raise ValueError(f"{n} figures promised, {len(found)} there")
        out["figures"] = [[kind, *struct.unpack({4: "!I", 8: "!Q", 11: "!HBQ"}[len(v)], v)] for kind, v in found]
    return out


def serve(connection, file):
    data = b""
    while True:
        while len(data) >= 6:
            version, length, kind = struct.unpack("!BIB", data[:6])
            if version != 3 or kind >= len(TYPES):
                raise ValueError(f"version {version}, type {kind}")
            if len(data) < length:
                break
            file.write(json.dumps(decode(kind, data[6:length])) + "\n")
            file.flush()
            data = data[length:]
        got = connection.recv(65536)
        if not got:
            return
        data += got


def main():
    with open(sys.argv[2], "w", encoding="utf-8") as file, socket.create_server(("127.0.0.1", int(sys.argv[1]))) as s:
        while True:
            connection, _ = s.accept()
            if "deaf" in sys.argv[3:]:
                time.sleep(3600)
            file.write('{"type": "connected"}\n')
            try:
                serve(connection, file)
            except (ValueError, struct.error, IndexError) as e:
                file.write(json.dumps({"type": "fault", "fault": str(e)}) + "\n")
                return
            connection.close()


main()
