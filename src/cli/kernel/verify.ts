/** `volt kernel verify`. */
import { defineCommand } from "citty";
import { listKernels, storedKernel } from "../../kernels/list.ts";
import { isLegacySignature } from "../../kernels/trust/minisign.ts";
import { LEGACY, signatureProblem } from "../../kernels/trust/signed.ts";
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
      // Good when it was added, and never to be shown again: that is nothing to mend.
      const isPast = signature !== undefined && isLegacySignature(signature.text);
      const unsigned = !signature || isPast ? undefined : signatureProblem(store, signature);
      const problems = [...verifyKernel(kernel), ...(unsigned === undefined ? [] : [unsigned])];
      return { name: kernel.name, problems, notes: isPast ? [LEGACY] : [] };
    });
    const rows = results.map(({ name, problems, notes }) => [
      name,
      [problems.length === 0 ? "ok" : problems.join("; "), ...notes].join("; note: "),
    ]);
    show(args.json, results, table(rows));
    if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
  },
});
