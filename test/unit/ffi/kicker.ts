/** A Worker that interrupts the thread whose id it is given, every millisecond, until it is terminated. */
import { kickThread } from "../../../ffi/process.ts";

const target = Number(process.argv[2]);
setInterval(() => kickThread(target), 1);
postMessage("kicking");
