"""Octets as the suite has them (`str`, one character for one octet) and as autobahn has them
(`bytes`). Becomes a module of the ported package."""

import binascii as _binascii
import pathlib


def b(value):
    """The octets of the suite as `bytes`; anything but a `str` as it is."""
    return value.encode("latin-1") if isinstance(value, str) else value


def native(value):
    """`bytes` as the suite wants them, also those inside of containers."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("latin-1")
    if isinstance(value, (tuple, list)):
        return type(value)(native(item) for item in value)
    if isinstance(value, dict):
        return {native(key): native(item) for key, item in value.items()}
    return value


def resource_filename(_package, path):
    """Stands in for the function of this name in `pkg_resources`."""
    return str(pathlib.Path(__file__).resolve().parent / path)


class binascii:
    """Stands in for the module of this name: in and out go the octets of the suite."""

    @staticmethod
    def b2a_hex(octets):
        return _binascii.b2a_hex(b(octets)).decode("ascii")

    hexlify = b2a_hex


class OctetStrings:
    """Lets the protocol classes of autobahn take the octets of the suite. Comes first in the bases
    of both fuzzing protocols."""

    debug = False

    def sendFrame(self, opcode, payload=b"", fin=True, rsv=0, mask=None,
                  payload_len=None, chopsize=None, sync=False):
        payload = b(payload)
        if payload_len is not None:
            # autobahn would repeat the payload by a division that yields a float in Python 3.
            whole, rest = divmod(payload_len, len(payload))
            payload = payload * whole + payload[:rest]
        return super().sendFrame(opcode, payload, fin, rsv, b(mask), None, chopsize, sync)

    def sendMessage(self, payload, isBinary=False, *more, **options):
        return super().sendMessage(b(payload), isBinary, *more, **options)

    def sendPing(self, payload=None):
        return super().sendPing(b(payload))

    def sendPong(self, payload=None):
        return super().sendPong(b(payload))

    def sendCloseFrame(self, code=None, reasonUtf8=None, isReply=False):
        return super().sendCloseFrame(code, b(reasonUtf8), isReply)

    def sendMessageFrameData(self, payload, sync=False):
        return super().sendMessageFrameData(b(payload), sync)

    def sendMessageFrame(self, payload, sync=False):
        return super().sendMessageFrame(b(payload), sync)
