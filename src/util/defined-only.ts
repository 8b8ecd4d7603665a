/** A copy of an object without the members that are `undefined` or `null`. */
export const definedOnly = <Value>(
  object: Readonly<Record<string, Value | null | undefined>>,
): Record<string, NonNullable<Value>> =>
  Object.fromEntries(
    Object.entries(object).filter(
      (entry): entry is [string, NonNullable<Value>] => entry[1] !== undefined && entry[1] !== null,
    ),
  );
