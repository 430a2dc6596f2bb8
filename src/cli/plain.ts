import type { ArgsDef, CommandDef } from "citty";

/** citty's types tie a command to its own flags; a table of commands needs them alike. */
export function plain<T extends ArgsDef>(command: CommandDef<T>): CommandDef {
  return command as unknown as CommandDef;
}
