/** Sockets between Linux guests and their host: volt's own device at Unix sockets, and the host kernel's by vhost. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LIMIT, type RunningVolt, startVolt } from "./volt.ts";
import { peer } from "./vsock/peer.ts";

setDefaultTimeout(LIMIT);
const folder = mkdtempSync(join(tmpdir(), "volt-vsock-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** 16 MiB with the guest's own BusyBox in them, over and over. */
const BIG = "for i in 1 2 3 4 5 6 7 8; do cat /bin/busybox; done";
/** VMADDR_CID_ANY, to listen at. */
const ANY = 4_294_967_295;
const md5 = /\b[0-9a-f]{32}\b/;

let made = 0;

/** A guest with a socket device, whose script finds `peer` installed. `around` is run on the host before volt, by a shell. */
async function guestAt(script: string, around: (path: string) => string = () => "") {
  const path = join(folder, `${++made}.sock`);
  const under = ["sh", "-c", `${around(path)}\nexec "$@"`, "sh"];
  const vm = await startVolt(["--vsock", `cid=3,path=${path}`, "--", "sh", "-c", `${peer().install}; ${script}`], {
    stdin: peer().bytes,
    under,
  });
  return { vm, path };
}

/** A program that runs `command` for each of the guest's connections to a port. */
function serving(port: number, command: string) {
  return (path: string): string =>
    inBackground(`${peer().path} serve unix:${path}_${port} /bin/sh -c '${command}'`, `${path}_${port}`);
}

/** A program beside volt, once there is the file it makes. It goes soon after. */
function inBackground(command: string, file: string): string {
  return `timeout 120 ${command} >/dev/null 2>&1 &\n until [ -e ${file} ]; do sleep 0.1; done`;
}

async function endOf(vm: RunningVolt) {
  const { status, stdout, log } = await vm.end();
  return { status, stdout, log };
}

describe("sockets at Unix sockets of the host", () => {
  test.concurrent("a hundred connections at once, opened by the guest and by the host, each with its own bytes back", async () => {
    const { vm, path } = await guestAt(
      `/tmp/peer many vsock:2:1000 100 20; /tmp/peer echo vsock:${ANY}:1000 & echo serving; sleep 1000`,
      (path) => inBackground(`${peer().path} echo unix:${path}_1000`, `${path}_1000`),
    );
    await using _vm = vm;
    await vm.printed("serving");
    const found = await vm.onHost(`sleep 1; ${peer().path} many at:${path}:1000 100 20`);
    vm.signal("SIGKILL");

    expect({ guest: vm.stdout, host: found, log: vm.log }).toEqual({ guest: "100\nserving\n", host: "100\n", log: "" });
  });

  test.concurrent("either side may end its half, and gets the answer after that", async () => {
    const { vm, path } = await guestAt(
      `/tmp/peer serve vsock:${ANY}:1000 /bin/md5sum & echo abc | /tmp/peer call vsock:2:1000; echo asked; sleep 3`,
      serving(1000, "md5sum"),
    );
    await using _vm = vm;
    await vm.printed("asked");
    const answer = await vm.onHost(`echo abc | ${peer().path} call at:${path}:1000`);
    const { status, stdout, log } = await endOf(vm);

    const sum = "0bee89b07a248e27c83fc3d5951213c1  -\n";
    expect({ status, stdout, answer, log }).toEqual({ status: 0, stdout: `${sum}asked\n`, answer: sum, log: "" });
  });

  test.concurrent("16 MiB arrive whole, from the guest and from the host", async () => {
    const { vm, path } = await guestAt(
      `(${BIG}) | md5sum; (${BIG}) | /tmp/peer call vsock:2:1000
       /tmp/peer serve vsock:${ANY}:1001 /bin/md5sum & echo sent; sleep 1000`,
      serving(1000, "md5sum"),
    );
    await using _vm = vm;
    await vm.printed("sent");
    const [here, there] = vm.stdout.split("\n").map((line) => md5.exec(line)?.[0]);
    expect(there).toBe(here!);
    const file = `${path}.big`;
    const sums = await vm.onHost(`head -c 16777216 /dev/urandom >${file}; md5sum <${file}
      ${peer().path} call at:${path}:1001 <${file}; rm ${file}`);
    vm.signal("SIGKILL");
    const [sent, arrived] = sums.split("\n").map((line) => md5.exec(line)?.[0]);

    expect(sent).toMatch(md5);
    expect(arrived).toBe(sent!);
  });

  test.concurrent("a host program that vanishes in the middle breaks that connection and nothing else", async () => {
    const script = `cat /dev/zero | /tmp/peer call vsock:2:1000; echo "broken $?"
      echo abc | /tmp/peer call vsock:2:1001; head -c 1000 /dev/hwrng | wc -c; /tmp/peer call vsock:2:1002 </dev/null`;
    const { vm } = await guestAt(script, (path) =>
      [serving(1000, "head -c 300000 >/dev/null"), serving(1001, "cat")].map((server) => server(path)).join("\n"),
    );
    await using _vm = vm;
    const { stdout, log } = await endOf(vm);

    expect(stdout).toMatch(/^broken \d+\nabc\n1000$/m);
    expect(log).toBe("");
  });
});

describe("sockets of the host's kernel, by vhost", () => {
  const start = (script: string, around: string, cid: number) =>
    startVolt(["--vsock", `cid=${cid},vhost`, "--", "sh", "-c", `${peer().install}; ${script}`], {
      stdin: peer().bytes,
      under: ["sh", "-c", `${around}\nexec "$@"`, "sh"],
    });

  test.concurrent("a hundred connections at once, opened by the guest and by the host, each with its own bytes back", async () => {
    const script = `/tmp/peer many vsock:2:2000 100 20; /tmp/peer echo vsock:${ANY}:1000 & echo serving; sleep 1000`;
    const server = `timeout 120 ${peer().path} echo vsock:${ANY}:2000 >/dev/null 2>&1 &`;
    await using vm = await start(script, server, 77);
    await vm.printed("serving");
    const found = await vm.onHost(`sleep 1; ${peer().path} many vsock:77:1000 100 20`);
    vm.signal("SIGKILL");

    expect({ guest: vm.stdout, host: found, log: vm.log }).toEqual({ guest: "100\nserving\n", host: "100\n", log: "" });
  });

  test.concurrent("works again after its driver was taken off and put back", async () => {
    const driver = "/sys/bus/virtio/drivers/vmw_vsock_virtio_transport";
    const script = `dev=$(ls ${driver} | grep virtio); for i in 1 2 3; do
      echo $dev >${driver}/unbind; echo $dev >${driver}/bind; echo $i | /tmp/peer call vsock:2:2001; done`;
    const server = `timeout 120 ${peer().path} serve vsock:${ANY}:2001 /bin/cat >/dev/null 2>&1 &`;
    await using vm = await start(script, server, 78);

    expect(await endOf(vm)).toEqual({ status: 0, stdout: "1\n2\n3\n", log: "" });
  });
});
