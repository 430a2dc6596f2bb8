/** `volt kernel default`, `tag` and `rm`. */
import { defineCommand } from "citty";
import { removeName, setDefault, tagKernel } from "../../kernels/names.ts";
import { defaultName } from "../../kernels/store.ts";
import { JSON_FLAG, NAME, show, thisStore } from "./command.ts";

export const defaultCommand = defineCommand({
  meta: { name: "default", description: "says which kernel is the default, or makes one it" },
  args: { name: { ...NAME, required: false }, ...JSON_FLAG },
  run({ args }) {
    const store = thisStore();
    if (args.name !== undefined) setDefault(store, args.name);
    const name = defaultName(store.default);
    show(args.json, { default: name ?? null }, name ?? "none: volt kernel default NAME");
  },
});

export const tagCommand = defineCommand({
  meta: { name: "tag", description: "gives a kernel one more name" },
  args: { name: NAME, tag: { type: "positional", required: true, description: "the new name" }, ...JSON_FLAG },
  run({ args }) {
    tagKernel(thisStore(), args.name, args.tag);
    show(args.json, { name: args.name, tag: args.tag }, `${args.tag} is ${args.name}`);
  },
});

export const rmCommand = defineCommand({
  meta: { name: "rm", description: "takes a name away; gc then removes the kernel if it was its last" },
  args: { name: NAME, ...JSON_FLAG },
  run({ args }) {
    removeName(thisStore(), args.name);
    show(args.json, { removed: args.name }, `removed ${args.name}; its files go with: volt kernel gc`);
  },
});
