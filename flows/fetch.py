#!/usr/bin/env python3
"""Installs the wheels that flows/tools.toml pins into filbench's cache.

Each wheel is downloaded by pip, which checks its SHA-256, unpacked beside its
destination and renamed into place, so an interrupted run leaves nothing half
installed. What is there already is left alone. Needs Python 3.11 with pip (or
with venv, from which it then borrows a pip); nothing of Python is needed to
run filbench afterwards.
"""

import argparse
import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

try:
    import tomllib
except ModuleNotFoundError:
    sys.exit("setup: Python 3.11 or newer is needed (module tomllib); "
             f"{sys.executable} is {sys.version.split()[0]}")

# Holds the wheel's hash in each installed folder: a changed pin re-installs.
STAMP = ".wheel-sha256"


def default_cache():
    """The folder that `filbench_toolbox::cache_root()` finds on Linux."""
    if os.environ.get("FILBENCH_CACHE"):
        return Path(os.environ["FILBENCH_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "filbench"


@contextlib.contextmanager
def scratch_folder(parent):
    """A folder in `parent` that is gone afterwards.

    Its name and its lock are those of filbench's job folders (host/toolbox/src/jobdir.rs), so
    that what is left of a killed run is told from what is in use, and swept here and there.
    """
    with tempfile.TemporaryDirectory(prefix=f"filbench-{os.getpid()}-", dir=parent) as folder:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(folder)
        finally:
            os.close(lock)


def sweep(parent):
    """Removes the scratch folders of dead runs from `parent`."""
    for folder in parent.glob("filbench-*-*"):
        pid = folder.name.split("-")[1]
        if not pid.isdigit() or os.path.exists(f"/proc/{pid}"):
            continue
        with contextlib.suppress(OSError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


def pip_command(scratch):
    """A command that runs pip, from this Python or from a passing venv."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True).returncode == 0:
        return own
    print("setup: this Python has no pip; borrowing one from a temporary venv", flush=True)
    venv = scratch / "venv"
    made = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"setup: {sys.executable} has neither pip nor a working venv "
                 f"({(made.stderr or made.stdout).strip()}); "
                 "try `apt install python3-pip` or `apt install python3-venv`")
    return [venv / "bin" / "python", "-m", "pip"]


def download(pip, wheel, scratch):
    """Lets pip fetch and verify one wheel; returns its path."""
    pin = f"{wheel['name']}=={wheel['version']}"
    requirements = scratch / f"{wheel['name']}.txt"
    requirements.write_text(f"{pin} --hash=sha256:{wheel['sha256']}\n")
    result = subprocess.run([
        *pip, "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", "--require-hashes", "--dest", scratch, "-r", requirements,
    ])
    path = scratch / wheel["file"]
    if result.returncode != 0 or not path.is_file():
        sys.exit(f"setup: pip could not download {pin} with the hash pinned in "
                 "flows/tools.toml; its own words stand above. Without a network: put the "
                 "wheel where pip looks (`pip config list`), then run `cargo xtask setup` again")
    return path


def unpack(archive, wheel, destination):
    """Writes the kept files of `archive` below `destination`."""
    root, keep = PurePosixPath(wheel["root"]), wheel["keep"]
    found = set()
    with zipfile.ZipFile(archive) as files:
        for info in files.infolist():
            path = PurePosixPath(info.filename)
            if info.is_dir() or ".." in path.parts or not path.is_relative_to(root):
                continue
            name = path.relative_to(root)
            rule = next((k for k in keep if str(name) == k or
                         (k.endswith("/") and name.is_relative_to(k))), None)
            if rule is None:
                continue
            found.add(rule)
            target = destination / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with files.open(info) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
    missing = [rule for rule in keep if rule not in found]
    if missing:
        sys.exit(f"setup: {archive.name} has no {', '.join(missing)} below {root}; "
                 "correct `root` or `keep` in flows/tools.toml")


def installed(folder, wheel):
    """Whether `folder` already holds exactly this wheel."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text().strip() == wheel["sha256"]


def install(wheel, tools, pip):
    """Downloads and installs one wheel into `tools`."""
    name = f"{wheel['name']}-{wheel['version']}"
    folder = tools / name
    print(f"setup: downloading {wheel['name']} {wheel['version']}", flush=True)
    with scratch_folder(tools) as scratch:
        archive = download(pip, wheel, scratch)
        fresh = scratch / "new"
        unpack(archive, wheel, fresh)
        (fresh / STAMP).write_text(wheel["sha256"] + "\n")
        if folder.exists():
            folder.rename(scratch / "old")
        try:
            fresh.rename(folder)
        except OSError:
            # Another setup was faster; what it put there has the same hash.
            if not installed(folder, wheel):
                raise
    print(f"setup: installed {folder}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=default_cache(),
                        help="filbench's cache (default: %(default)s)")
    parser.add_argument("--pins", type=Path, default=Path(__file__).with_name("tools.toml"),
                        help="the pin file (default: %(default)s)")
    options = parser.parse_args()
    wheels = tomllib.loads(options.pins.read_text())["wheel"]
    tools = options.cache.resolve() / "tools"
    tools.mkdir(parents=True, exist_ok=True)
    sweep(tools)
    missing = []
    for wheel in wheels:
        if installed(tools / f"{wheel['name']}-{wheel['version']}", wheel):
            print(f"setup: {wheel['name']} {wheel['version']} is there", flush=True)
        else:
            missing.append(wheel)
    if missing:
        with scratch_folder(None) as scratch:
            pip = pip_command(scratch)
            for wheel in missing:
                install(wheel, tools, pip)


if __name__ == "__main__":
    main()
