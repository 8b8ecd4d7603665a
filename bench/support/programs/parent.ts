/** What the programs of a measurement have in common: they report to the benchmark that started them, and end with it. */
import type { Word } from '../host.ts';

export interface Service {
  readonly url: string;
  readonly pid?: number;
  close(): Promise<void>;
}

export const untilAlone = async (start: () => Promise<Service>): Promise<void> => {
  const alone = new Promise<void>((resolve) => process.once('disconnect', resolve));
  // Both reach the whole group, from a terminal or from `timeout`; the benchmark ends its programs itself.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
  try {
    const service = await start();
    tell({ url: service.url, ...(service.pid !== undefined && { pid: service.pid }) });
    await alone;
    await service.close();
  } catch (error) {
    // What was started before it failed may have timers, which would keep the program.
    const word: Word = { error: error instanceof Error ? error.message : String(error) };
    process.send?.(word, () => process.exit(1));
  }
};

const tell = (word: Word): void => void (process.connected && process.send?.(word));
