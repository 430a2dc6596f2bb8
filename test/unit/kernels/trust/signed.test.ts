import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { storedKernel } from "../../../../src/kernels/list.ts";
import { findKernel } from "../../../../src/kernels/store.ts";
import { distrustKey, trustedKeys, trustKey } from "../../../../src/kernels/trust/keys.ts";
import { parsePublicKey, parseSignature } from "../../../../src/kernels/trust/minisign.ts";
import { checkSignature, requireSigned } from "../../../../src/kernels/trust/signed.ts";
import { verifyKernel } from "../../../../src/kernels/verify.ts";
import { Home, linux } from "../home.ts";
import { Signer } from "./signer.ts";

const kernel = linux("signed");

function home(signer: Signer) {
  const made = new Home();
  trustKey(made.paths, signer.publicText, "key.pub");
  return made;
}

/** Adds the kernel with a signature of it. */
function addSigned(made: Home, text: string) {
  const file = made.write("k", kernel);
  const signature = checkSignature(made.paths, file, made.write("k.minisig", text));
  return made.add("k", { file, signature });
}

const required = (made: Home, name = "k") => requireSigned(made.paths, findKernel(name, made.paths.home));

describe("a signed kernel", () => {
  test("is added, verifies, and boots where signatures are required", () => {
    const signer = new Signer();
    using made = home(signer);
    addSigned(made, signer.sign(kernel));
    required(made);
    expect(verifyKernel(storedKernel(made.paths, "k"))).toEqual([]);
  });

  test("that was there without its signature gets it, and keeps it when it comes without again", () => {
    const signer = new Signer();
    using made = home(signer);
    made.add("k", { file: made.write("k", kernel) });
    addSigned(made, signer.sign(kernel));
    required(made);
    made.add("k", { file: made.write("k", kernel) });
    required(made);
  });

  test("by signify is added; it can't be shown again later, and the refusal says so", () => {
    const signer = new Signer();
    using made = home(signer);
    addSigned(made, signer.sign(kernel, { legacy: true }));
    expect(() => required(made)).toThrow(/its signature is of the file as it came, which is gone/);
  });

  test("keeps minisign's signature when it comes again with signify's, which can't be shown again", () => {
    const signer = new Signer();
    using made = home(signer);
    addSigned(made, signer.sign(kernel, { legacy: true }));
    addSigned(made, signer.sign(kernel));
    addSigned(made, signer.sign(kernel, { legacy: true }));
    required(made);
  });

  test("is refused when its key is not trusted any more", () => {
    const signer = new Signer();
    using made = home(signer);
    addSigned(made, signer.sign(kernel));
    const [key] = trustedKeys(made.paths);
    distrustKey(made.paths, key!.id.toLowerCase());
    expect(() => required(made)).toThrow(`it is signed by ${key!.id}, which is not trusted`);
    expect(() => distrustKey(made.paths, key!.id)).toThrow(/no such key is trusted; trusted are: none/);
  });

  test("is refused when a byte of it changed in the store", () => {
    const signer = new Signer();
    using made = home(signer);
    const { digest } = addSigned(made, signer.sign(kernel));
    const path = `${made.paths.object(digest)}/vmlinux`;
    const bytes = readFileSync(path);
    bytes[900]! ^= 1;
    writeFileSync(path, bytes);
    expect(() => required(made)).toThrow(/^--require-signed: .*vmlinux has changed/);
  });
});

describe("refused is", () => {
  test("a kernel without a signature, and one outside of the store", () => {
    using made = home(new Signer());
    made.add("k");
    expect(() => required(made)).toThrow(/came without a signature/);
    const file = made.write("vmlinux", kernel);
    expect(() => required(made, file)).toThrow(/is no kernel of the store/);
  });

  test("a signature of another file, with another comment, or by a key of the same number", () => {
    const signer = new Signer();
    using made = home(signer);
    const good = signer.sign(kernel);
    const impostor = new Signer();
    impostor.id.set(signer.id);
    const bad = [
      signer.sign(linux("other")),
      signer.sign(linux("other"), { legacy: true }),
      good.replace("timestamp:1", "timestamp:2"),
      good.replace(/(\ntrusted comment: .*\n).*\n/, "$1AAAA\n"),
      impostor.sign(kernel),
    ];
    for (const text of bad) expect(() => addSigned(made, text)).toThrow(/is not of this file/);
    expect(() => addSigned(made, new Signer().sign(kernel))).toThrow(/which is not trusted: volt kernel trust add/);
    expect(made.list("kernels")).toEqual([]);
  });

  test.each(["", "x", "untrusted comment: x\n", "RWQ", "A".repeat(200), "untrusted comment: x\n\0\n"])(
    "what is no key and no signature: %j",
    (text) => {
      expect(() => parsePublicKey(text, "f")).toThrow(/^f: this is no public key of minisign or signify/);
      expect(() => parseSignature(text, "f")).toThrow(/^f: this is no signature of minisign or signify/);
    },
  );
});

test("keys are listed with their comments, once each, and may be the base64 line alone", () => {
  using made = new Home();
  const signer = new Signer("Ada's key");
  trustKey(made.paths, signer.publicText, "f");
  trustKey(made.paths, signer.publicText, "f");
  trustKey(made.paths, new Signer().publicText.split("\n")[1]!, "f");
  expect(
    trustedKeys(made.paths)
      .map(({ comment }) => comment)
      .sort(),
  ).toEqual(["", "Ada's key"]);
});

test("a file that is no key is named, with the mend, and the mend works", () => {
  using made = home(new Signer());
  const [key] = trustedKeys(made.paths);
  for (const text of ["x", new Signer().publicText]) {
    writeFileSync(`${made.paths.trust}/${key!.id}.pub`, text);
    expect(() => trustedKeys(made.paths)).toThrow(
      `${made.paths.trust}/${key!.id}.pub: this is not the key ${key!.id} (any more): remove it (volt kernel trust rm ${key!.id})`,
    );
  }
  distrustKey(made.paths, key!.id);
  expect(trustedKeys(made.paths)).toEqual([]);
});
