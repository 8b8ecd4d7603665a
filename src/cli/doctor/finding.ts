/** What a check of `doctor` found, and what to do about it. */
export interface Finding {
  /** `login`, `port`, …: stable, for programs that read the JSON. */
  readonly check: string;
  /** `note` is worth knowing, `warning` will hurt some day, `problem` stops something now. */
  readonly level: 'ok' | 'note' | 'warning' | 'problem';
  /** One sentence; never a secret. */
  readonly text: string;
  /** What to do: a command, or a setting. */
  readonly remedy?: string;
}

export const ok = (check: string, text: string): Finding => ({ check, level: 'ok', text });
export const note = (check: string, text: string, remedy?: string): Finding => finding('note', { check, text, remedy });
export const warning = (check: string, text: string, remedy?: string): Finding =>
  finding('warning', { check, text, remedy });
export const problem = (check: string, text: string, remedy?: string): Finding =>
  finding('problem', { check, text, remedy });

const finding = (
  level: Finding['level'],
  { check, text, remedy }: { check: string; text: string; remedy: string | undefined },
): Finding => ({ check, level, text, ...(remedy !== undefined && { remedy }) });
