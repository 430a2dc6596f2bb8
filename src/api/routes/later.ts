/** What Firecracker has and volt does not, yet: each says so. */
import { type Routes, refuse } from "../router.ts";

const later = (what: string) => refuse(`volt does not have ${what} yet.`);

export const LATER_ROUTES: Routes = {
  "PUT snapshot": later("snapshots"),
  "PUT pmem": later("pmem devices"),
  "PATCH pmem": later("pmem devices"),
  "DELETE pmem": later("pmem devices"),
  "PUT hotplug": later("memory hot-plug"),
  "PATCH hotplug": later("memory hot-plug"),
  "GET hotplug": later("memory hot-plug"),
};
