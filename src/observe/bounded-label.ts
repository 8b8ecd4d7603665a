/** A label whose values come from outside must not grow without end: each one is a time series that is kept. */

const OTHER = 'other';

/** The first `most` different values as they are; every later one is `other`. */
export const boundedLabel = (most: number): ((value: string) => string) => {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most) return OTHER;
    known.add(value);
    return value;
  };
};
