/** `volt kernel verify`. */
import { defineCommand } from "citty";
import { listKernels, storedKernel } from "../../kernels/list.ts";
import { signatureProblem } from "../../kernels/trust/signed.ts";
import { verifyKernel } from "../../kernels/verify.ts";
import { JSON_FLAG, NAME, show, table, thisStore } from "./command.ts";

export const verifyCommand = defineCommand({
  meta: { name: "verify", description: "takes the digests of stored kernels again, and checks their signatures" },
  args: { name: { ...NAME, required: false, description: "one kernel (default: all)" }, ...JSON_FLAG },
  run({ args }) {
    const store = thisStore();
    const kernels = args.name === undefined ? listKernels(store) : [storedKernel(store, args.name)];
    const results = kernels.map((kernel) => {
      const { signature } = kernel.manifest ?? {};
      const unsigned = signature === undefined ? undefined : signatureProblem(store, signature);
      return { name: kernel.name, problems: [...verifyKernel(kernel), ...(unsigned === undefined ? [] : [unsigned])] };
    });
    const rows = results.map(({ name, problems }) => [name, problems.length === 0 ? "ok" : problems.join("; ")]);
    show(args.json, results, table(rows));
    if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
  },
});
