/** A label with values from outside must be bounded: each value is a time series that is kept. */

const OTHER = 'other';

/** The first `most` values unchanged; every later one becomes `other`. */
export const boundedLabel = (most: number): ((value: string) => string) => {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most) return OTHER;
    known.add(value);
    return value;
  };
};
