"""Runs the SAM CLI, packing fast rather than small: the packages only travel to loopback."""

import functools
import sys
import zipfile

zipfile.ZipFile.__init__ = functools.partialmethod(zipfile.ZipFile.__init__, compresslevel=1)
sys.argv[0] = "sam"

from samcli.cli.main import cli  # noqa: E402

cli(prog_name="sam")
