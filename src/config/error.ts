/** A setting that can't be: the message is the line a user sees. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly #where: string;
  readonly #field: string;
  readonly #problem: string;

  /**
   * @param where a file's path, or "the command line"
   * @param field the field's path in the configuration, or a flag; "" when it is about the whole
   * @param problem what is wrong, what is allowed
   */
  constructor(where: string, field: string, problem: string) {
    super([where, field, problem].filter((part) => part !== "").join(": "));
    this.#where = where;
    this.#field = field;
    this.#problem = problem;
  }

  /** The same, with the field called as the user knows it. */
  renamed(nameOf: (field: string) => string): ConfigError {
    const name = nameOf(this.#field);
    return name === this.#field ? this : new ConfigError(this.#where, name, this.#problem);
  }
}
