/** `volt kernel trust`: whose signatures count. */
import { readFileSync } from "node:fs";
import { defineCommand } from "citty";
import { openInput } from "../../host/open-file.ts";
import { distrustKey, trustedKeys, trustKey } from "../../kernels/trust/keys.ts";
import { plain } from "../plain.ts";
import { JSON_FLAG, show, table, thisStore } from "./command.ts";

const add = defineCommand({
  meta: { name: "add", description: "trusts a public key of minisign or signify" },
  args: { key: { type: "positional", required: true, description: "the .pub file" }, ...JSON_FLAG },
  run({ args }) {
    openInput(args.key, "key").fd.close();
    const { id, comment } = trustKey(thisStore(), readFileSync(args.key, "utf8"), args.key);
    show(args.json, { id, comment }, `trusted ${id}`);
  },
});

const ls = defineCommand({
  meta: { name: "ls", description: "lists the trusted keys" },
  args: JSON_FLAG,
  run({ args }) {
    const keys = trustedKeys(thisStore()).map(({ id, comment }) => ({ id, comment }));
    const rows = keys.map(({ id, comment }) => [id, comment]);
    show(args.json, keys, rows.length === 0 ? "no key is trusted: volt kernel trust add KEY.pub" : table(rows));
  },
});

const rm = defineCommand({
  meta: { name: "rm", description: "trusts a key no more" },
  args: { id: { type: "positional", required: true, description: "as `ls` shows it" }, ...JSON_FLAG },
  run({ args }) {
    distrustKey(thisStore(), args.id);
    show(args.json, { removed: args.id }, `${args.id} is not trusted any more`);
  },
});

export const trustCommand = defineCommand({
  meta: { name: "trust", description: "keys whose signatures on kernels count" },
  subCommands: { add: plain(add), ls: plain(ls), rm: plain(rm) },
});
