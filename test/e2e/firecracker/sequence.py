"""The calls of the Go SDK, in its order, by a client that is none of ours. Prints what came back, a line each."""
import json
import sys
import time

import requests_unixsocket

given = json.loads(sys.argv[1])
# The SDK waits so long for an answer, in seconds.
timeout = given["timeout"]
base = "http+unix://" + given["socket"].replace("/", "%2F")
session = requests_unixsocket.Session()


def wait():
    for _ in range(300):
        try:
            return session.get(base + "/machine-config", timeout=timeout)
        except Exception:
            time.sleep(0.01)
    raise SystemExit("nobody answers")


def ask(method, path, body):
    answer = session.request(method, base + path, data=json.dumps(body), timeout=timeout)
    print(answer.status_code, path, answer.text)
    # It would keep a connection for each path it ever asked, and there are ten.
    session.close()


def put(path, body):
    ask("PUT", path, body)


def get(path):
    answer = session.get(base + path, timeout=timeout).json()
    session.close()
    return answer


print(wait().status_code)
put("/logger", {"log_path": given["log"], "level": "Info", "show_level": True, "show_log_origin": False})
put("/metrics", {"metrics_path": given["metrics"]})
put("/machine-config", {"vcpu_count": 1, "mem_size_mib": 32, "smt": False, "track_dirty_pages": False})
print(get("/machine-config")["mem_size_mib"])
put("/boot-source", {"kernel_image_path": given["kernel"], "initrd_path": given["initrd"], "boot_args": "reboot=k panic=1 pci=off"})
put("/drives/1", {"drive_id": "1", "is_root_device": True, "is_read_only": False, "path_on_host": given["drive"]})
limiter = {"bandwidth": {"size": 1000000, "refill_time": 1000}}
card = {"iface_id": "1", "host_dev_name": given["tap"], "guest_mac": "06:00:00:00:00:01", "rx_rate_limiter": limiter}
put("/network-interfaces/1", card)
put("/vsock", {"guest_cid": 3, "uds_path": given["vsock"]})
put("/mmds/config", {"network_interfaces": ["1"], "version": "V2", "ipv4_address": "169.254.169.254"})
put("/balloon", {"amount_mib": 4, "deflate_on_oom": True, "stats_polling_interval_s": 1})
put("/actions", {"action_type": "InstanceStart"})
print(get("/")["state"])
ask("PATCH", "/vm", {"state": "Paused"})
print(get("/")["state"])
ask("PATCH", "/vm", {"state": "Resumed"})
put("/mmds", {"latest": {"id": "one"}})
ask("PATCH", "/mmds", {"latest": {"more": [1, 2]}})
print(json.dumps(get("/mmds"), sort_keys=True))
ask("PATCH", "/drives/1", {"drive_id": "1", "path_on_host": given["drive"]})
ask("PATCH", "/network-interfaces/1", {"iface_id": "1", "tx_rate_limiter": limiter})
ask("PATCH", "/balloon", {"amount_mib": 8})
print(get("/balloon")["amount_mib"])
print(get("/vm/config")["network-interfaces"][0]["tx_rate_limiter"]["bandwidth"]["size"])
put("/actions", {"action_type": "SendCtrlAltDel"})
