/** `volt kernel add`. */
import { basename } from "node:path";
import { defineCommand } from "citty";
import { ConfigError } from "../../config/error.ts";
import { openInput } from "../../host/open-file.ts";
import { addKernel } from "../../kernels/add.ts";
import { addressIn, withoutPassword } from "../../kernels/address.ts";
import { readKernelConfig, readModules } from "../../kernels/belongings.ts";
import { isDeb } from "../../kernels/deb.ts";
import { fileDigest } from "../../kernels/digest.ts";
import { download } from "../../kernels/download.ts";
import { Draft } from "../../kernels/draft.ts";
import { takeIn } from "../../kernels/incoming.ts";
import { addPackagedKernel } from "../../kernels/install.ts";
import { checkName } from "../../kernels/paths.ts";
import { checkSignature } from "../../kernels/trust/signed.ts";
import { showAdded } from "./added.ts";
import { JSON_FLAG, thisStore } from "./command.ts";
import { clearedAway } from "./ending.ts";
import { Progress } from "./progress.ts";

const DEB_HEAD = 32;

export const addCommand = defineCommand({
  meta: { name: "add", description: "adds a kernel: vmlinux, bzImage or a Debian package, from a file or over HTTP" },
  args: {
    file: { type: "positional", required: true, description: "a file, or an http:// or https:// address" },
    name: { type: "string", valueHint: "NAME", description: "its name in the store (default: the file's)" },
    sha256: { type: "string", valueHint: "DIGEST", description: "refuses any other file" },
    signature: {
      type: "string",
      valueHint: "FILE",
      description: "minisign's or signify's: it must be of a trusted key",
    },
    "kernel-config": { type: "string", valueHint: "FILE", description: "its .config, where it has none built in" },
    modules: { type: "string", valueHint: "FILE", description: "a cpio archive that goes behind volt's initramfs" },
    ...JSON_FLAG,
  },
  async run({ args }) {
    const paths = thisStore();
    const sha256 = args.sha256?.toLowerCase();
    if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
      throw new ConfigError("", "--sha256", "must be 64 hexadecimal digits");
    }
    const address = addressIn(args.file);
    const called = address === undefined ? args.file : withoutPassword(address);
    const name = checkName(args.name ?? nameOf(address, args.file), "--name");
    const config = args["kernel-config"] === undefined ? undefined : readKernelConfig(args["kernel-config"]);
    const modules = args.modules === undefined ? undefined : readModules(args.modules);
    using progress = new Progress();
    using fetched =
      address === undefined ? undefined : await download(paths, address, (now) => progress.downloaded(now));
    // A download stays when a signal comes: the next try goes on from there.
    const added = await clearedAway(async () => {
      using draft = new Draft(paths);
      // Nobody else writes to a download.
      const file = fetched?.path ?? takeIn(paths, draft, args.file);
      // addKernel takes it of what it stores; here it is only for who asks for one, and of packages.
      const digest = sha256 === undefined ? undefined : fileDigest(file);
      if (digest !== sha256) {
        throw new ConfigError("", "--sha256", `the file's is ${digest}: get it again, from who you trust`);
      }
      const signature = args.signature === undefined ? undefined : checkSignature(paths, file, args.signature, called);
      progress.say("unpacking");
      const came = { called, signature, config, modules };
      return startsAsDeb(file)
        ? await addPackagedKernel(paths, draft, file, name, {
            ...came,
            ...(address === undefined ? { kind: "debian package" } : { kind: "url", url: called }),
            sha256: digest ?? fileDigest(file),
          })
        : addKernel(paths, {
            ...{ ...came, name, file, sha256: digest },
            from: { kind: address === undefined ? "file" : "url", from: called },
            sourceCode: `ask who made ${called}`,
          });
    });
    progress.end();
    return showAdded(args.json, added);
  },
});

function startsAsDeb(path: string): boolean {
  const { fd } = openInput(path, "kernel");
  using _file = fd;
  return isDeb(fd.readAt(0, DEB_HEAD));
}

/** `vmlinuz-6.1.0-13-amd64`, `linux-image-6.1_amd64.deb` without its ending. */
function nameOf(address: string | undefined, file: string): string {
  const last = basename(address === undefined ? file : new URL(address).pathname);
  return last.replace(/\.deb$/, "").replaceAll(/[^\w.+-]/g, "-");
}
