/** Files that `bun build --compile` embeds: the import is a path that works inside the executable. */
declare module "*.cpio" {
  const path: string;
  export default path;
}
