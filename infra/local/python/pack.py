"""Packs the functions for the emulator: `pack.py FOLDER=ZIP...`, each folder into its zip, several at a time.

Fast rather than small: the packages only travel to loopback.
"""

import concurrent.futures
import os
import pathlib
import sys
import zipfile


def pack(pair: str) -> None:
    folder, target = (pathlib.Path(part) for part in pair.split("=", 1))
    fresh = target.with_suffix(".fresh")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                package.write(file, file.relative_to(folder))
    fresh.replace(target)


# Compressing leaves Python's lock, so threads use all processors.
with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
    list(pool.map(pack, sys.argv[1:]))
