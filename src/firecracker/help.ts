import { FIRECRACKER_VERSION, VERSION } from "../version.ts";

/** The first line is Firecracker's own: programs read the version of its second word. */
export const VERSION_TEXT = `Firecracker v${FIRECRACKER_VERSION}\nvolt ${VERSION} in its place\n\n`;

export const HELP_TEXT = `Firecracker v${FIRECRACKER_VERSION}

volt ${VERSION} in its place: see docs/firecracker.md.

optional arguments:
  --allow-path <path>                  volt's own: what a disk may have behind it later (repeatable).
  --api-sock <api-sock>                The API's socket. [default: "/run/firecracker.socket"]
  --boot-timer                         The log says how long the guest took to its user space.
  --config-file <config-file>          A microVM in JSON, started at once.
  --help                               Shows this.
  --http-api-max-payload-size <bytes>  The largest body of a request. [default: "51200"]
  --id <id>                            The microVM's name. [default: "anonymous-instance"]
  --level <level>                      The log's level: Error, Warning, Info, Debug, Trace, Off. [default: "Info"]
  --log-path <log-path>                A file or FIFO for the log, in place of stdout.
  --metrics-path <metrics-path>        A file or FIFO for metrics, a line a minute.
  --module <module>                    Only the log's lines of modules whose path begins so.
  --metadata <metadata>                A file with the JSON that the metadata service has at the start.
  --mmds-size-limit <bytes>            The most it may have. [default: as --http-api-max-payload-size]
  --no-api                             No API: needs --config-file.
  --no-seccomp                         Accepted: volt keeps its own filters.
  --seccomp-filter <path>              Accepted: volt keeps its own filters.
  --show-level                         Each line of the log has its level.
  --show-log-origin                    Each line of the log has the file it comes from.
  --version                            Shows the version.
`;
