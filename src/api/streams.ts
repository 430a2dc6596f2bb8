/** What a client can listen to. */
import type { MachineControl } from "../machine/control.ts";
import type { Stream } from "./stream.ts";

/** In Firecracker's words, and one of volt's own. */
export function stateOf({ isPaused, isStopping }: MachineControl): "Running" | "Paused" | "Stopping" {
  if (isStopping) return "Stopping";
  return isPaused ? "Paused" : "Running";
}

/** One JSON object a line: the state, then what happens, until the machine ends. */
export function eventStream(control: MachineControl): Stream {
  return {
    contentType: "application/x-ndjson",
    open(output) {
      const tell = (event: object) => {
        output.write(Buffer.from(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`));
      };
      tell({ event: "state", state: stateOf(control) });
      const unsubscribe = control.events.subscribe(tell);
      return { wantsInput: true, receive() {}, closed: unsubscribe };
    },
  };
}

/** The console as it is: bytes, both ways. */
export function consoleStream(control: MachineControl): Stream {
  return {
    contentType: "application/octet-stream",
    open(output) {
      const attachment = control.console.attach(output);
      return {
        get wantsInput() {
          return attachment.wantsInput;
        },
        receive: (bytes) => attachment.type(bytes),
        closed: () => attachment.detach(),
      };
    },
  };
}
