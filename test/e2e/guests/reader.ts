/** Who reads volt's stdout, where it is not the test that does. */

/** Says volt's status after all that was read, and ends with it: a guest that crashed gets its second try (volt.ts). */
const PIPE = '"$@" | eval "$READER"; status=${PIPESTATUS[0]}; echo "status $status"; exit $status';
const F_SETPIPE_SZ = 1031;

/** Options for `volt run` with its stdout piped into a command of the shell's. */
export function readBy(command: string) {
  return { under: ["bash", "-c", PIPE, "bash"], env: { READER: command } };
}

/** By who has a pipe of 4 KiB, takes one byte, sleeps, and takes the rest. */
export function readAfterSleep(seconds: number) {
  const small = `fcntl(STDIN, ${F_SETPIPE_SZ}, 4096) or die`;
  return readBy(`perl -e '${small}; sysread(STDIN, $b, 1); print $b; sleep ${seconds}; print while <STDIN>'`);
}
