/** HashiCorp's configuration language, by its own parser. */

type Parse = (name: string, text: string) => Promise<Record<string, unknown>>;

/** A name that the type checker does not follow: the package's types bring in a browser's, and Bun's differ from those. */
const PACKAGE: string = "@cdktn/hcl2json";

/** As JSON, in which every block is a list. @throws where the text is none */
export async function parseHcl(name: string, text: string): Promise<Record<string, unknown>> {
  const { parse } = (await import(PACKAGE)) as { readonly parse: Parse };
  return await parse(name, text);
}
