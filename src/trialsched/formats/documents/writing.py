"""Writing protocol documents."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import tomli_w

from trialsched._text import json_text, toml_text
from trialsched.formats.documents.parsing import check_format

if TYPE_CHECKING:
    from trialsched.formats.documents.parsing import Format
    from trialsched.protocol import Protocol

_LONG = "-" * 200  # no key of a document


def dumps(protocol: Protocol, *, format: Format = "toml") -> str:  # noqa: A002 - the word of the verb
    """Return the document as text, defaults left out; `loads` gives an equal protocol back."""
    check_format(format)
    document = protocol.document()
    if format == "json":
        return json_text(document, indent=2) + "\n"
    if protocol.meta.in_force is not None:
        document["in_force"] = protocol.meta.in_force
    # tomli_w puts short tables into one line unless one of their list is too long for it.
    for name in ("visits", "spacing", "eligibility"):
        if name in document:
            document[name][-1][_LONG] = _LONG
    return toml_text(tomli_w.dumps(document).replace(f'{_LONG} = "{_LONG}"\n', ""))


def dump(protocol: Protocol, fp: IO[bytes], *, format: Format = "toml") -> None:  # noqa: A002 - the word of the verb
    """Write the document to a file open for bytes, in UTF-8."""
    fp.write(dumps(protocol, format=format).encode())
