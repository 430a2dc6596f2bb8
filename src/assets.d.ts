/** Files that `bun build --compile` embeds: the import is a path that works inside the executable. */
declare module "*.cpio" {
  const path: string;
  export default path;
}

/** Text that is compiled into the program. */
declare module "*.config" {
  const text: string;
  export default text;
}
