/** What a control API needs of the kernel while a guest runs: for the sandbox. */
import { allow, type Rule } from "../security/seccomp/rule.ts";

export const SERVICE_RULES: readonly Rule[] = [
  allow("the API's clients come by its socket", "accept4"),
  allow("their requests and its answers", "sendto recvfrom"),
];
