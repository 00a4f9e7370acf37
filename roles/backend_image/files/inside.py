"""What must be so inside a running container of the backend; exit status 1 with a line for each thing that is not."""

import json
import os
import sys

APPLICATION = "/opt/omnimind"
BILL = "/usr/share/sbom/omnimind-backend.cdx.json"
SHELLS = ("ash", "bash", "busybox", "dash", "ksh", "sh", "zsh")
DIRECTORIES = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin")
SECRETS = (".pem", ".key", ".p12", ".env", "id_rsa", "id_ed25519")
NOT_SHIPPED = {".git", ".github", "wheelhouse", "Dockerfile"}


def problems(shell_allowed):
    if os.getuid() < 10000:
        yield f"the backend runs as uid {os.getuid()}; right would be 10000 or more"
    for directory in DIRECTORIES if not shell_allowed else ():
        for shell in SHELLS:
            if os.path.lexists(os.path.join(directory, shell)):
                yield f"backend_image_shell_allowed: {directory}/{shell} is in the image"
    for where, directories, files in os.walk(APPLICATION):
        for name in (*directories, *files):
            path = os.path.join(where, name)
            state = os.lstat(path)
            if state.st_uid == os.getuid() or state.st_mode & 0o022:
                yield f"{path} can be changed by the backend"
            if not os.access(path, os.R_OK):
                yield f"{path} cannot be read by the backend"
            if name in NOT_SHIPPED or name.endswith(SECRETS):
                if not name.startswith("cacert") and "certifi" not in path:
                    yield f"{path} has no business in the image"
    with open(BILL, encoding="utf-8") as file:
        if json.load(file)["bomFormat"] != "CycloneDX":
            yield f"{BILL} is no bill of materials"


found = list(problems(sys.argv[1:] == ["shell-allowed"]))
print("\n".join(found), file=sys.stderr)
sys.exit(1 if found else 0)
