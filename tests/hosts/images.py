"""Host images: Debian under systemd, made with mmdebstrap from this machine's apt sources."""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .machine import CACHE, HostsError, require, run

REPOSITORY = "omnimind-host"

# What a minimal Debian server has; the rest is a role's business.
_INSTALLED = [
    "ca-certificates",
    "dbus",
    "iproute2",
    "procps",
    "python3",
    "python3-apt",
    "sudo",
    "systemd",
    "systemd-sysv",
]

# Suite: sets of packages that roles install. They lie in apt's cache, so a host needs no way out.
_REDIS = ["python3-redis", "redis-server", "redis-tools"]
_PYTHON = ["python3-venv"]
_SSH = ["openssh-server"]
_MONITORING = [
    "prometheus",
    "prometheus-alertmanager",
    "prometheus-node-exporter",
    "prometheus-redis-exporter",
    "python3-bcrypt",
]
_CACHED = {
    "bookworm": [_REDIS, _PYTHON, _MONITORING, _SSH],
    "trixie": [_REDIS, ["valkey-server", "valkey-tools"], ["redis-server=5:7.0*", "redis-tools=5:7.0*"]],
}
# Suite: an older one whose packages a host can have as well, to be upgraded from.
_OLDER = {"trixie": "bookworm"}

# What lies in a host's Python, see there.
_COMPILED_ONCE = Path(__file__).with_name("compiled_once.py")
_PACKAGES = "$1/usr/lib/python3/dist-packages"

# apt's own timers would take its lock in the middle of a test.
_MASKED = ["apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer"]
_LEFT_OUT = ["/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"]


def provide(environment: dict[str, str]) -> None:
    """Put an image of every suite into the engine that `environment` leads to, as REPOSITORY:suite.

    Raise HostsError when one cannot be made.
    """
    require(mmdebstrap="mmdebstrap")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda suite: _provide(suite, environment), _CACHED))


def remove(environment: dict[str, str]) -> None:
    """Take the images out of the engine, those that are there."""
    names = [f"{REPOSITORY}:{suite}" for suite in _CACHED]
    run("docker", "image", "rm", "--force", *names, environment=environment)


def _provide(suite: str, environment: dict[str, str]) -> None:
    """Import one suite's tarball, unless the engine has that very one."""
    tarball = _tarball(suite)
    label = f"made-from={tarball.name}"
    listing = ("docker", "image", "ls", "--quiet", "--filter", f"label={label}")
    if run(*listing, environment=environment):
        return
    run(
        "docker",
        "import",
        "--change",
        f"CMD {json.dumps(_init())}",
        "--change",
        "ENV container=docker",
        "--change",
        f"LABEL {label}",
        str(tarball),
        f"{REPOSITORY}:{suite}",
        environment=environment,
    )


def _init() -> list[str]:
    """Return the command that boots a host; new systemd takes old control groups only when told."""
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    legacy = ["systemd.unified_cgroup_hierarchy=0", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"]
    return ["/sbin/init", *([] if unified else legacy)]


def _tarball(suite: str) -> Path:
    """Return the suite's root file system, made when this recipe has not been followed before."""
    sources = _sources(suite) + (_sources(_OLDER[suite]) if suite in _OLDER else "")
    settings = run("apt-config", "dump", "--no-empty", "Acquire::http", "Acquire::https")
    download = 'chroot "$1" apt-get install -y --download-only'
    recipe = [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        f"--include={','.join(_INSTALLED)}",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
        "--skip=cleanup/apt",
        '--customize-hook=chroot "$1" apt-get clean',
        *(f"--customize-hook={download} {' '.join(packages)}" for packages in _CACHED[suite]),
        f'--customize-hook=install -m 644 "{_COMPILED_ONCE}" "{_PACKAGES}"',
        f'--customize-hook=echo "import {_COMPILED_ONCE.stem}" > "{_PACKAGES}/{_COMPILED_ONCE.stem}.pth"',
        '--customize-hook=mkdir "$1/var/cache/compiled-once"',
        f'--customize-hook=chroot "$1" systemctl mask {" ".join(_MASKED)}',
        # Peers are in /etc/hosts and there is no way out: asking for others fails at once.
        '--customize-hook=sed --in-place "s/^hosts:.*/hosts: files/" "$1/etc/nsswitch.conf"',
        suite,
    ]
    digest = hashlib.sha256(json.dumps([recipe, _COMPILED_ONCE.read_text(), sources, settings]).encode()).hexdigest()[:16]
    tarball = CACHE / f"{suite}-{digest}.tar"
    if tarball.exists():
        return tarball
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        Path(scratch, "sources.list").write_text(sources)
        Path(scratch, "apt.conf").write_text(settings)
        made = Path(scratch, "root.tar")
        run(*recipe, str(made), f"{scratch}/sources.list", f"--aptopt={scratch}/apt.conf")
        for old in CACHE.glob(f"{suite}-*.tar"):
            old.unlink()
        made.rename(tarball)
    return tarball


def _sources(suite: str) -> str:
    """Return this machine's own Debian sources as a sources.list for the suite."""
    own = platform.freedesktop_os_release()["VERSION_CODENAME"]
    wanted = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    listed = run("apt-get", "indextargets", "--format", wanted, "Created-By: Packages")
    lines = []
    for line in sorted(set(listed.splitlines())):
        address, release, component = line.split()
        if release in (own, f"{own}-updates", f"{own}-security"):
            lines.append(f"deb {address} {release.replace(own, suite, 1)} {component}\n")
    if not lines:
        raise HostsError(f"apt knows no source of Debian {own} on this machine")
    return "".join(lines)
