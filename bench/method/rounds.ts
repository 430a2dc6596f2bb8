/** The order things are measured in: A B C A B C, so that what disturbs the machine disturbs all of them alike. */

export interface Rounds {
  /** How often each is measured. */
  readonly runs: number;
  /** Rounds before those, which count for nothing: caches fill, the processor's clock rises. */
  readonly warmUp: number;
}

/**
 * @param measure one run of one contender
 * @returns each contender's samples; sample i of all of them is from the same round
 */
export async function inRounds<Name extends string, Sample>(
  names: readonly Name[],
  { runs, warmUp }: Rounds,
  measure: (name: Name, round: number) => Promise<Sample>,
): Promise<Record<Name, Sample[]>> {
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Sample[]>;
  for (let round = -warmUp; round < runs; round++) {
    for (const name of names) {
      const sample = await measure(name, round);
      if (round >= 0) samples[name].push(sample);
    }
  }
  return samples;
}
