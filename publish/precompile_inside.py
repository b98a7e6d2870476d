"""Runs in Pyodide: compiles every `.py` of /in.zip into /out.zip; what does not compile is left out."""

import importlib.util
import zipfile
from importlib._bootstrap_external import _code_to_hash_pyc  # type: ignore[attr-defined]

with zipfile.ZipFile("/in.zip") as sources, zipfile.ZipFile("/out.zip", "w") as target:
    for name in sources.namelist():
        text = sources.read(name)
        inside = name.partition("/")[2]  # the first folder says which wheel
        try:
            code = compile(text, "/lib/python3.12/site-packages/" + inside, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue  # templates and files for other Pythons
        # unchecked: the interpreter never looks for the source, which is not there
        target.writestr(name + "c", _code_to_hash_pyc(code, importlib.util.source_hash(text), False))
