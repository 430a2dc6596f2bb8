/** Finds what somebody may have meant who mistyped a word. */

export interface Near {
  readonly word: string;
  /** How many letters differ. */
  readonly distance: number;
}

/** Undefined where there is nothing to choose from. */
export function nearest(word: string, known: readonly string[]): Near | undefined {
  return known.map((other) => ({ word: other, distance: distance(word, other) })).sort(byDistance)[0];
}

function byDistance(a: Near, b: Near): number {
  return a.distance - b.distance;
}

/** How many letters have to change to get from one word to another (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
