/** Text of an address without its `%` codes; a `%` that begins no code is a `%`. */
export const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
