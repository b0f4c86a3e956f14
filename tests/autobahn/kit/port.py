#!/usr/bin/env python3
"""Ports the Autobahn test suite, which is written for Python 2, to Python 3.

usage: port.py SUITE DESTINATION

SUITE is the folder `autobahntestsuite` of the source distribution 25.10.1; the ported package goes
into DESTINATION. Only what the fuzzing client and the fuzzing server need is taken.

The suite handles octets as Python 2 strings. They stay `str` here, one character for one octet as in
latin-1, and every place where the fuzzer gives octets to autobahn or takes them from it converts by
`octets.py`. The syntax is converted by fissix, the continued lib2to3. What remains are the edits
below, each of which must apply, so that another release of the suite is not ported halfway.
"""

import pathlib
import re
import shutil
import sys

from fissix.refactor import RefactoringTool


def main(source, destination):
    package = destination / "autobahntestsuite"
    shutil.rmtree(package, ignore_errors=True)
    (package / "case").mkdir(parents=True)
    shutil.copytree(source / "testdata", package / "testdata")
    modules = [source / name for name in MODULES] + sorted((source / "case").glob("*.py"))
    for module in modules:
        name = module.relative_to(source).as_posix()
        code = ported(name, module)
        compile(code, name, "exec")
        (package / name).write_text(code, encoding="ascii")
    (package / "__init__.py").write_text("from ._version import __version__ as version\n")
    shutil.copy(pathlib.Path(__file__).with_name("octets.py"), package)


def ported(name, module):
    code = ascii_source(module.read_bytes().replace(b"\r\n", b"\n")).rstrip("\n") + "\n"
    if name == "report.py":
        # Behind this line is another kind of report, with more dependencies.
        code = code.split("REPORT_DIR_PERMISSIONS")[0]
    for old, new in BEFORE.get(name, []):
        code = replaced(name, code, old, new)
    code = str(TOOL.refactor_string(code, str(module))).replace("(object, Case, )", "(Case, )")
    if name.startswith("case/"):
        code = re.sub("^import binascii$", "from autobahntestsuite.octets import binascii", code,
                      flags=re.M)
    for old, new in AFTER.get(name, []):
        code = replaced(name, code, old, new)
    return code


def ascii_source(raw):
    """`raw` with each octet beyond ASCII as an escape sequence."""
    return "".join(chr(octet) if octet < 0x80 else "\\x%02x" % octet for octet in raw)


def replaced(name, code, old, new):
    if old not in code:
        sys.exit(f"port.py: {name} does not contain {old!r}")
    return code.replace(old, new)


MODULES = ["_version.py", "caseset.py", "fuzzing.py", "report.py"]

FIXES = "basestring except exec has_key import ne numliterals print raise unicode xrange".split()
TOOL = RefactoringTool([f"fissix.fixes.fix_{fix}" for fix in FIXES], {})

BEFORE = {
    "case/case9_9_1.py": [
        ("from zope.interface import implements\n", "from zope.interface import implementer\n"),
    ],
    "report.py": [
        ("import jinja2\n", ""),
        (',\n           "HtmlReport")', ")"),
    ],
}

AFTER = {
    "case/case.py": [
        ("return pickle.dumps(obj1) == pickle.dumps(obj2)", "return native(obj1) == native(obj2)"),
        ("import pickle\n", "from autobahntestsuite.octets import native\n"),
    ],
    "case/case10_1_1.py": [
        ("len(self.payload) / self.p.autoFragmentSize",
         "len(self.payload) // self.p.autoFragmentSize"),
    ],
    "case/case12_x_x.py": [
        ("import copy, os, pkg_resources, hashlib, binascii",
         "import copy, os, hashlib\n"
         "from autobahntestsuite import octets as pkg_resources\n"
         "from autobahntestsuite.octets import binascii"),
        ("msg = ''\n", "msg = payload[:0]\n"),
    ],
    "case/case6_x_x.py": [
        ("v.validate(vss[:i])", "v.validate(vss[:i].encode('latin-1'))"),
    ],
    "case/case9_9_1.py": [
        ("class FrameProducer:\n\n   implements(interfaces.IPushProducer)\n",
         "@implementer(interfaces.IPushProducer)\nclass FrameProducer:\n"),
    ],
    "fuzzing.py": [
        ("import os, json, binascii, time, textwrap, pkg_resources",
         "import os, json, time, textwrap\n"
         "from autobahntestsuite import octets as pkg_resources\n"
         "from autobahntestsuite.octets import b, native, binascii, OctetStrings"),
        ("class FuzzingServerProtocol(FuzzingProtocol,",
         "class FuzzingServerProtocol(OctetStrings, FuzzingProtocol,"),
        ("class FuzzingClientProtocol(FuzzingProtocol,",
         "class FuzzingClientProtocol(OctetStrings, FuzzingProtocol,"),
        ('   ellipses = " ..."\n   if len', '   data = b(data)\n   ellipses = " ..."\n   if len'),
        ("         dd = data[:maxlen] + ellipses\n"
         "      else:\n"
         "         dd = data\n"
         "      return dd.decode(",
         "         dd = b(data)[:maxlen] + b(ellipses)\n"
         "      else:\n"
         "         dd = b(data)\n"
         "      return dd.decode("),
        ("p = ''.join(payload)", "p = b''.join(payload)"),
        ('case[c[0]], c[1])).encode("utf-8"))', "native(case[c[0]]), c[1])))"),
        ("ll.encode('utf8')", "ll"),
        ("open(os.path.join(outdir, report_filename), 'w')",
         "open(os.path.join(outdir, report_filename), 'w', encoding='utf-8')"),
        ("json.dumps(case, sort_keys = True,", "json.dumps(native(case), sort_keys = True,"),
        ('"Pong received: " + payload', '"Pong received: " + native(payload)'),
        ('case["httpRequest"].strip()', 'native(case["httpRequest"]).strip()'),
        ('case["httpResponse"].strip()', 'native(case["httpResponse"]).strip()'),
    ],
}

main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
