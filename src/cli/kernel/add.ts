/** `volt kernel add`. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { defineCommand } from "citty";
import { ConfigError } from "../../config/error.ts";
import { openInput } from "../../host/open-file.ts";
import { addKernel } from "../../kernels/add.ts";
import { isDeb } from "../../kernels/deb.ts";
import { fileDigest } from "../../kernels/digest.ts";
import { download } from "../../kernels/download.ts";
import { Draft } from "../../kernels/draft.ts";
import { addPackagedKernel } from "../../kernels/install.ts";
import { checkName } from "../../kernels/paths.ts";
import { checkSignature } from "../../kernels/trust/signed.ts";
import { showAdded } from "./added.ts";
import { JSON_FLAG, thisStore } from "./command.ts";
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
    const isAddress = /^https?:\/\//.test(args.file);
    const name = checkName(args.name ?? nameOf(args.file), "--name");
    using progress = new Progress();
    using fetched = isAddress ? await download(paths, args.file, (now) => progress.downloaded(now)) : undefined;
    const file = fetched?.path ?? args.file;
    const digest = sha256 || isAddress ? fileDigest(file) : undefined;
    if (sha256 && digest !== sha256) {
      throw new ConfigError("", "--sha256", `the file's is ${digest}: get it again, from who you trust`);
    }
    const signature = args.signature === undefined ? undefined : checkSignature(paths, file, args.signature);
    progress.say("unpacking");
    if (startsAsDeb(file)) {
      using draft = new Draft(paths);
      const from = isAddress ? { kind: "url" as const, url: args.file } : { kind: "debian package" as const };
      const added = await addPackagedKernel(paths, draft, file, name, {
        ...from,
        sha256: digest ?? fileDigest(file),
        ...(signature ? { signature } : {}),
      });
      return showAdded(args.json, added);
    }
    const added = addKernel(paths, {
      ...{ name, file, signature },
      from: { kind: isAddress ? "url" : "file", from: args.file },
      sourceCode: `ask who made ${args.file}`,
      config: args["kernel-config"] === undefined ? undefined : readFileSync(args["kernel-config"], "latin1"),
      modules: args.modules === undefined ? undefined : readFileSync(args.modules),
    });
    return showAdded(args.json, added);
  },
});

function startsAsDeb(path: string): boolean {
  const { fd } = openInput(path, "kernel");
  using _file = fd;
  return isDeb(fd.readAt(0, DEB_HEAD));
}

/** `vmlinuz-6.1.0-13-amd64`, `linux-image-6.1_amd64.deb` without its ending. */
function nameOf(file: string): string {
  const last = basename(/^https?:/.test(file) ? new URL(file).pathname : file);
  return last.replace(/\.deb$/, "").replaceAll(/[^\w.+-]/g, "-");
}
