/** What engines do on their host: files, requests to the API, and questions to it. */
import { stockKernel } from "../../../scripts/guest-kernel.ts";
import { sharedHost } from "../../testbed/shared.ts";
import { writeInitrd } from "./engine-initrd.ts";
import { type RunningVolt, VOLT } from "./volt.ts";

export async function onHost(script: string): Promise<string> {
  const host = await sharedHost();
  const { status, stdout, stderr } = await host.run(["sh", "-c", script]);
  if (status !== 0) throw new Error(`${script}: status ${status}: ${stderr}`);
  return stdout.toString();
}

/** A folder on the host, with `firecracker` in it. */
export async function newFolder(script: string): Promise<string> {
  const folder = (await onHost("mktemp -d /tmp/volt-engine-XXXXXX")).trim();
  await onHost(`cd ${folder}; ln -s ${VOLT} firecracker; ${script}`);
  return folder;
}

export const write = (path: string, value: unknown) => onHost(`cat >${path} <<'END'\n${JSON.stringify(value)}\nEND`);

/** Requests one after another, each with its answer's status and body. */
export async function ask(
  socket: string,
  requests: readonly (readonly [method: string, path: string, body?: object])[],
) {
  const lines = requests.map(([method, path, body]) => {
    const data = body ? `-d '${JSON.stringify(body)}'` : "";
    return `curl -s -S --max-time 60 -w ' %{http_code}\\n' --unix-socket ${socket} -X ${method} ${data} http://localhost${path}`;
  });
  return (await onHost(lines.join("\n"))).trimEnd().split("\n");
}

/** As `/boot-source` has it. @param script the guest's only command */
export async function bootSource(script: string, boot_args: string) {
  return { kernel_image_path: (await stockKernel()).vmlinux, initrd_path: await writeInitrd(script), boot_args };
}

/** The API's socket is there. */
export async function untilListening(socket: string): Promise<void> {
  await onHost(`until [ -S ${socket} ]; do sleep 0.01; done`);
}

export async function untilRunning(socket: string): Promise<void> {
  await onHost(
    `until curl -s --max-time 5 --unix-socket ${socket} http://localhost/ | grep -q '"Running"'; do sleep 0.1; done`,
  );
}

/** A disk's size in sectors as the guest sees it, once it is that. */
export const sized = (disk: string, sectors: number) =>
  `until [ "$(cat /sys/block/${disk}/size)" = ${sectors} ]; do sleep 0.1; done`;
export const first = (disk: string, bytes: number) =>
  `dd if=/dev/${disk} bs=512 count=1 iflag=direct 2>/dev/null | head -c ${bytes}`;
export const threads = (vm: RunningVolt) => onHost(`cat /proc/${vm.pid()}/task/*/comm`);
