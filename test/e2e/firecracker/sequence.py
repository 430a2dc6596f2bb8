"""The calls of the Go SDK, in its order, by a client that is none of ours. Prints what came back, a line each."""
import json
import sys
import time

import requests_unixsocket

socket, kernel, initrd, drive, log, vsock = sys.argv[1:7]
# The SDK waits so long for an answer, in seconds.
timeout = float(sys.argv[7])
base = "http+unix://" + socket.replace("/", "%2F")
session = requests_unixsocket.Session()


def wait():
    for _ in range(300):
        try:
            return session.get(base + "/machine-config", timeout=timeout)
        except Exception:
            time.sleep(0.01)
    raise SystemExit("nobody answers")


def put(path, body):
    answer = session.put(base + path, data=json.dumps(body), timeout=timeout)
    print(answer.status_code, path, answer.text)


print(wait().status_code)
put("/logger", {"log_path": log, "level": "Info", "show_level": True, "show_log_origin": False})
put("/machine-config", {"vcpu_count": 1, "mem_size_mib": 32, "smt": False, "track_dirty_pages": False})
print(session.get(base + "/machine-config", timeout=timeout).json()["mem_size_mib"])
put("/boot-source", {"kernel_image_path": kernel, "initrd_path": initrd, "boot_args": "reboot=k panic=1 pci=off"})
put("/drives/1", {"drive_id": "1", "is_root_device": True, "is_read_only": False, "path_on_host": drive})
put("/vsock", {"guest_cid": 3, "uds_path": vsock})
put("/actions", {"action_type": "InstanceStart"})
print(session.get(base + "/", timeout=timeout).json()["state"])
print(session.patch(base + "/vm", data='{"state": "Paused"}', timeout=timeout).status_code)
print(session.get(base + "/", timeout=timeout).json()["state"])
